import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { WebSocket as Client } from 'ws';
import {
  createDirectory,
  linkDependencies,
  packPackage,
  removeDirectories,
  ROOT,
  run,
  TYPESCRIPT,
} from '../package/support/packed-package.js';
import { blocksOf } from './documents.js';

const TSCONFIG = {
  compilerOptions: {
    target: 'es2023',
    module: 'nodenext',
    types: ['node'],
    strict: true,
    experimentalDecorators: true,
    emitDecoratorMetadata: true,
    skipLibCheck: true,
    rootDir: 'src',
    outDir: 'dist',
  },
  include: ['src'],
};

describe('an application of the files in the README', () => {
  let directory: string;

  beforeAll(async () => {
    directory = await createDirectory();
    const files = blocksOf('README.md').flatMap(({ fileName, text }) =>
      fileName === null ? [] : [{ fileName, text }],
    );
    await write('package.json', '{ "type": "module" }');
    await write('tsconfig.json', JSON.stringify(TSCONFIG));
    for (const { fileName, text } of files) await write(fileName, text);
    await linkDependencies(directory, await packPackage());
    await run(directory, process.execPath, TYPESCRIPT, '-p', 'tsconfig.json');
  }, 120_000);
  afterAll(removeDirectories);

  it('lets two clients talk in a room, and says goodbye when it is stopped', async () => {
    const application = start('dist/main.js', { PORT: '0' });
    try {
      const url = await lineOf(application, /^ws:\/\/\S+$/);
      const [ann, ben] = [await RoomClient.connect(url), await RoomClient.connect(url)];
      for (const client of [ann, ben]) {
        client.send({ action: 'join', room: 'lobby' });
        expect(await client.next()).toEqual({ joined: 'lobby' });
      }
      ann.send({ action: 'say', room: 'lobby', text: 'Hello' });
      const heard = await ben.next();
      expect(heard).toEqual({ from: expect.any(String), text: 'Hello' });
      expect(await ann.next()).toEqual(heard);
      application.kill('SIGTERM');
      expect([await ann.closed, await ben.closed]).toEqual([1012, 1012]);
    } finally {
      application.kill('SIGKILL');
    }
  }, 60_000);

  it('handles events as a Lambda', async () => {
    await write(
      'dist/invoke.js',
      `import { handler } from './lambda.js';
       const requestContext = { connectionId: 'BFHPhfCWIAMCKlQ=', domainName: 'chat.example.com', stage: 'prod' };
       const answers = [
         await handler({ requestContext: { ...requestContext, routeKey: '$connect', eventType: 'CONNECT' } }),
         await handler({ requestContext: { ...requestContext, routeKey: 'join' }, body: '{"room":"lobby"}' }),
         await handler({ requestContext: { ...requestContext, routeKey: '$disconnect', eventType: 'DISCONNECT' } }),
         await handler({ requestContext: {} }),
       ];
       console.log(JSON.stringify(answers.map(({ statusCode, body }) => [statusCode, JSON.parse(body).message])));
       process.exit();`,
    );
    const lambda = start('dist/invoke.js', { AWS_LAMBDA_FUNCTION_NAME: 'chat' });
    expect(JSON.parse(await lineOf(lambda, /^\[\[.*\]\]$/))).toEqual([
      [200, 'Connected'],
      [200, 'Custom route handled'],
      [200, 'Disconnected'],
      [400, null],
    ]);
  }, 60_000);

  it('passes the test of its handlers that the README shows', async () => {
    const jest = join(ROOT, 'node_modules/jest/bin/jest.js');
    const { stderr } = await run(
      directory,
      process.execPath,
      '--experimental-vm-modules',
      jest,
      '--rootDir',
      directory,
      '--testMatch',
      '**/dist/*.spec.js',
    );
    expect(stderr).toMatch(/Tests: +1 passed, 1 total/);
  }, 120_000);

  async function write(path: string, text: string): Promise<void> {
    await mkdir(dirname(join(directory, path)), { recursive: true });
    await writeFile(join(directory, path), text);
  }

  function start(program: string, env: Record<string, string>): ChildProcess {
    return spawn(process.execPath, [program], {
      cwd: directory,
      env: { ...process.env, NODE_OPTIONS: '', ...env },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
  }
});

/** Waits for a line of a program's output. */
async function lineOf(program: ChildProcess, pattern: RegExp): Promise<string> {
  const written: string[] = [];
  for await (const line of createInterface({ input: program.stdout! })) {
    if (pattern.test(line)) return line;
    written.push(line);
  }
  throw new Error(`The program ended without such a line:\n${written.join('\n')}`);
}

class RoomClient {
  private readonly received: unknown[] = [];
  private readonly waiting: ((message: unknown) => void)[] = [];
  readonly closed: Promise<number>;

  private constructor(private readonly socket: Client) {
    this.closed = once(socket, 'close').then(([code]) => code as number);
    socket.on('message', (data: Buffer) => {
      const message = JSON.parse(data.toString()) as unknown;
      const waiting = this.waiting.shift();
      if (waiting === undefined) this.received.push(message);
      else waiting(message);
    });
  }

  static async connect(url: string): Promise<RoomClient> {
    const client = new RoomClient(new Client(url));
    await once(client.socket, 'open');
    return client;
  }

  send(message: object): void {
    this.socket.send(JSON.stringify(message));
  }

  next(): Promise<unknown> {
    if (this.received.length > 0) return Promise.resolve(this.received.shift());
    return new Promise((resolve) => this.waiting.push(resolve));
  }
}
