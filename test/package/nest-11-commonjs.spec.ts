import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { installConsumer, packPackage, removeDirectories, run } from './support/packed-package.js';

interface Told {
  readonly handled: {
    readonly connect: object;
    readonly connections: readonly string[];
    readonly message: object;
    readonly heard: readonly string[];
  };
  readonly served: {
    readonly answer: string;
    readonly subscribed: string;
    readonly heard: string;
    readonly closeCode: number;
  };
}

describe('a CommonJS application on NestJS 11', () => {
  let directory: string;
  let told: Told;

  beforeAll(async () => {
    directory = await installConsumer('nest-11-commonjs', await packPackage());
    // Its own compiler, without skipLibCheck: the package's declarations are checked against Nest 11's.
    await run(directory, 'npm', 'run', 'build');
    const { stdout } = await run(directory, process.execPath, 'dist/main.js');
    told = JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Told;
  }, 300_000);
  afterAll(removeDirectories);

  it('loads the package with require', async () => {
    expect(await readFile(join(directory, 'dist/main.js'), 'utf8')).toContain('require("nestjs-apigateway-websocket")');
  });

  it('handles a $connect and a message with its listeners', () => {
    expect(told.handled).toEqual({
      connect: { statusCode: 200, body: '{"message":"Connected"}' },
      connections: ['BFHPhfCWIAMCKlQ='],
      message: { statusCode: 200, body: '{"message":"Message received"}' },
      heard: ['connected BFHPhfCWIAMCKlQ=', 'message "hello"'],
    });
  });

  it('answers a client on the embedded gateway, and says goodbye when it closes', () => {
    const { answer, closeCode } = told.served;
    expect({ answer, closeCode }).toEqual({ answer: '{"echo":{"text":"hello"}}', closeCode: 1012 });
  });

  it('finds the rules and the listeners of channels on its providers', () => {
    expect(told.served.subscribed).toBe('{"type":"subscribed","id":"1","channel":"private-lobby"}');
    expect(told.served.heard).toBe('lobby hello');
  });
});
