import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
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
import { blocksOf, readDocument } from './documents.js';

/** `nest-websocket` of the packed package, in the folder that it is installed into. */
const PROGRAM = 'node_modules/nestjs-apigateway-websocket/dist/cli/main.js';

/** The commands of the blocks of shell that come after a heading, in order. */
function commandsOf(heading: string): string[] {
  const text = readDocument('README.md');
  const [section = ''] = text.slice(text.indexOf(`\n## ${heading}\n`) + 1).split(/\n(?=## )/, 1);
  return blocksOf('README.md', section).flatMap(({ language, text: lines }) =>
    language === 'sh' ? lines.split('\n') : [],
  );
}

const commandOf = (heading: string, beginning: string): string =>
  commandsOf(heading).find((command) => command.startsWith(beginning))!;

/** The arguments that a command of the README gives to `nest-websocket`. */
const argumentsOf = (heading: string, subcommand: string): string[] =>
  commandOf(heading, `npx nest-websocket ${subcommand}`).split(' ').slice(2);

describe('an application of the files in the README', () => {
  let directory: string;

  beforeAll(async () => {
    directory = await createDirectory();
    const blocks = blocksOf('README.md');
    await write('package.json', '{ "type": "module" }');
    await write('tsconfig.json', blocks.find(({ text }) => text.includes('"compilerOptions"'))!.text);
    for (const { fileName, text } of blocks) {
      // This one is written by a command.
      if (fileName !== null && fileName !== 'src/lambda.ts') await write(fileName, text);
    }
    await linkDependencies(directory, await packPackage());
    await compile();
  }, 120_000);
  afterAll(removeDirectories);

  it('is installed with all that the package and Nest need', () => {
    const { peerDependencies, peerDependenciesMeta } = JSON.parse(readDocument('package.json')) as {
      readonly peerDependencies: Readonly<Record<string, string>>;
      readonly peerDependenciesMeta: Readonly<Record<string, unknown>>;
    };
    const needed = Object.keys(peerDependencies).filter((name) => !(name in peerDependenciesMeta));
    expect(commandOf('Quick start', 'npm install nestjs-').split(' ')).toEqual(
      expect.arrayContaining([...needed, '@nestjs/platform-express']),
    );
    expect(commandOf('Quick start', 'npm install --save-dev').split(' ')).toEqual(
      expect.arrayContaining(['typescript', '@types/node']),
    );
  });

  it('answers as the README says what the README types, served by its command', async () => {
    const served = start(PROGRAM, { PORT: '0' }, argumentsOf('Quick start', 'serve'));
    try {
      const [, url = ''] = /^Listening on (\S+)$/.exec(await lineOf(served, /^Listening on ws:/)) ?? [];
      expect(commandOf('Quick start', 'npx wscat')).toBe(`npx wscat --connect ${url.replace(/:\d+\//, ':3000/')}`);
      const client = await RoomClient.connect(url);
      const typed = blocksOf('README.md')
        .find(({ text }) => text.startsWith('> '))!
        .text.split('\n');
      expect(typed.map(([direction]) => direction)).toEqual(['>', '<', '>', '<']);
      for (const line of typed) {
        const message = JSON.parse(line.slice(2)) as Record<string, unknown>;
        if (line.startsWith('>')) client.send(message);
        else {
          const id = 'from' in message && { from: expect.stringMatching(/^\S{16}$/) };
          expect(await client.next()).toEqual({ ...message, ...id });
        }
      }
    } finally {
      served.kill('SIGKILL');
    }
  }, 60_000);

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

  it('handles events as a Lambda, with the entry that its command writes and the routes that it has', async () => {
    await run(directory, process.execPath, PROGRAM, ...argumentsOf('On AWS', 'init'));
    const entry = blocksOf('README.md').find(({ fileName }) => fileName === 'src/lambda.ts')!.text;
    expect(`// src/lambda.ts\n${await readFile(join(directory, 'src/lambda.ts'), 'utf8')}`).toBe(`${entry}\n`);
    const routes = (await readFile(join(directory, 'serverless.yml'), 'utf8')).matchAll(/- websocket: '(\w+)'/g);
    expect([...routes].map(([, name]) => name)).toEqual(['join', 'say']);
    await compile();
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

  async function compile(): Promise<void> {
    await run(directory, process.execPath, TYPESCRIPT, '-p', 'tsconfig.json');
  }

  function start(program: string, env: Record<string, string>, args: readonly string[] = []): ChildProcess {
    return spawn(process.execPath, [program, ...args], {
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
