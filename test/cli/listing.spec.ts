import { afterAll, afterEach, beforeAll, beforeEach, expect, it, jest } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { describeWithRedis, RedisServer } from '../support/redis.server.js';
import { application, cli, documents, killClis, MAIN, startCli } from './cli.process.js';
import { connection, seed } from './state.js';

// Each call is a process of its own.
jest.setTimeout(60_000);

const CONNECTED_AT = Date.UTC(2026, 10, 21, 12);
const ISO = '2026-11-21T12:00:00.000Z';

describeWithRedis('the commands that list and count', () => {
  let redis: RedisServer;
  let env: Record<string, string>;

  beforeAll(async () => {
    redis = await RedisServer.start();
    env = { WEBSOCKET_REDIS_URL: redis.url };
  });
  beforeEach(() => redis.kill().then(() => redis.restart()));
  afterEach(killClis);
  afterAll(() => redis.kill());

  const three = [
    connection('Ann1=', { connectedAt: CONNECTED_AT, userId: 'ann', channels: ['news', 'sport'] }),
    connection('Ann2=', { connectedAt: CONNECTED_AT, userId: 'ann', channels: ['news'], endpoint: null }),
    connection('Ben1=', { connectedAt: CONNECTED_AT, userId: null, channels: ['sport'] }),
  ];

  it('count connections and channels, and show the largest', async () => {
    await seed(redis, [...three, connection('Cat1=', { channels: ['news'] })]);
    const { code, stdout, stderr } = await cli(['stats'], { env });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout.split('\n')).toEqual([
      'CONNECTIONS  CHANNELS  STORE',
      '          4         2  redis',
      '',
      'LARGEST CHANNELS  CONNECTIONS',
      'news                        3',
      'sport                       2',
      '',
    ]);
    expect(documents((await cli(['stats', '--json'], { env })).stdout)).toEqual([
      {
        totalConnections: 4,
        totalChannels: 2,
        largestChannels: [
          { channel: 'news', members: 3 },
          { channel: 'sport', members: 2 },
        ],
        store: 'redis',
      },
    ]);
  });

  it('list connections in columns, whose heads stand above them', async () => {
    await seed(redis, [three[1]!]);
    const { code, stdout } = await cli(['connections'], { env });
    expect(code).toBe(0);
    expect(stdout).toBe(
      'CONNECTION  USER  CONNECTED AT              CHANNELS  ENDPOINT\n' + `Ann2=       ann   ${ISO}  news      -\n`,
    );
  });

  it('list connections as one JSON document a line', async () => {
    await seed(redis, three);
    const { stdout } = await cli(['connections', '--json'], { env });
    const listed = documents(stdout) as { connectionId: string }[];
    expect(listed.sort((a, b) => (a.connectionId < b.connectionId ? -1 : 1))).toEqual(
      three.map((one) => ({ ...one, connectedAt: ISO })),
    );
  });

  it.each([
    { args: ['--channel', 'sport'], ids: ['Ann1=', 'Ben1='] },
    { args: ['--user', 'ann'], ids: ['Ann1=', 'Ann2='] },
    { args: ['--user', 'ann', '--channel', 'sport'], ids: ['Ann1='] },
    { args: ['--channel', 'none'], ids: [] },
    { args: ['--user', ''], ids: [] },
  ])('narrow connections down by $args', async ({ args, ids }) => {
    await seed(redis, three);
    const { code, stdout } = await cli(['connections', '--json', ...args], { env });
    expect(code).toBe(0);
    expect((documents(stdout) as { connectionId: string }[]).map(({ connectionId }) => connectionId).sort()).toEqual(
      ids,
    );
  });

  it('say so where there is nothing to list, beside the list', async () => {
    expect(await cli(['connections'], { env })).toEqual({
      code: 0,
      stdout: '',
      stderr: 'Nobody is connected there.\n',
    });
    expect(await cli(['channels'], { env })).toEqual({ code: 0, stdout: '', stderr: 'No channel has members.\n' });
    expect(await cli(['channels', '--json'], { env })).toEqual({ code: 0, stdout: '', stderr: '' });
  });

  it('show names that would drive a terminal as harmless escapes, in tables and in JSON', async () => {
    const evil = '\u001b]0;owned\u0007\u001b[2J\r\n\u009b31m\u202egnp.exe\u200b';
    await seed(redis, [connection('Eve=', { userId: evil, channels: [evil] })]);
    for (const args of [['connections'], ['channels'], ['stats']]) {
      const { stdout } = await cli(args, { env });
      expect(stdout).toContain('\\u001b]0;owned\\u0007\\u001b[2J\\u000d\\u000a\\u009b31m\\u202egnp.exe\\u200b');
      expect(stdout).not.toMatch(/[^\P{C}\n]/u);
      const json = (await cli([...args, '--json'], { env })).stdout;
      expect(json).not.toMatch(/[^\P{C}\n]/u);
      expect(JSON.stringify(documents(json))).toContain(JSON.stringify(evil).slice(1, -1));
    }
  });

  it('keep columns straight behind wide characters and over pages', async () => {
    await seed(redis, [
      connection('a=', { connectedAt: CONNECTED_AT, userId: '漢字', endpoint: null }),
      connection('b=', { connectedAt: CONNECTED_AT, userId: 'abcd', endpoint: null }),
    ]);
    const lines = (await cli(['connections'], { env })).stdout.trimEnd().split('\n').sort();
    expect(lines).toEqual([
      'CONNECTION  USER  CONNECTED AT              CHANNELS  ENDPOINT',
      `a=          漢字  ${ISO}  -         -`,
      `b=          abcd  ${ISO}  -         -`,
    ]);
  });

  it('list very many page by page, each once, and stop at a limit', async () => {
    const many = Array.from({ length: 3_000 }, (_, index) => connection(`C${index}=`, { channels: [] }));
    await seed(redis, many);
    const { stdout } = await cli(['connections', '--json'], { env });
    const ids = (documents(stdout) as { connectionId: string }[]).map(({ connectionId }) => connectionId);
    expect(ids.sort()).toEqual(many.map(({ connectionId }) => connectionId).sort());
    const limited = await cli(['connections', '--limit', '1500'], { env });
    expect(limited.stdout.trimEnd().split('\n').length).toBe(1_501);
  });

  it('end quietly once nobody reads any more, as with head', async () => {
    const many = Array.from({ length: 3_000 }, (_, index) => connection(`C${index}=`));
    await seed(redis, many);
    const child = spawn(
      'sh',
      ['-c', `"$0" "$1" connections 2>stderr.log | head -n 2; cat stderr.log; rm stderr.log`, process.execPath, MAIN],
      {
        cwd: import.meta.dirname,
        env: { PATH: process.env['PATH'], NODE_NO_WARNINGS: '1', ...env },
      },
    );
    let said = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (said += text));
    await once(child, 'close');
    expect(said.split('\n').length).toBe(3);

    const listing = startCli(['connections'], { env });
    listing.child.stdout!.destroy();
    const { code, stderr } = await listing.ended;
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });

  it('fail when what they say cannot be written', async () => {
    await seed(redis, three);
    const child = spawn('sh', ['-c', '"$0" "$1" connections > /dev/full', process.execPath, MAIN], {
      env: { PATH: process.env['PATH'], NODE_NO_WARNINGS: '1', ...env },
    });
    let stderr = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    const [code] = (await once(child, 'close')) as [number];
    expect({ code, stderr: stderr.trim() }).toEqual({
      code: 1,
      stderr: expect.stringMatching(/^error: The output could not be written: .*ENOSPC/) as unknown,
    });
  });

  it('take all they need from the application’s own module, and start neither its gateway nor its server', async () => {
    await seed(redis, three);
    // A gateway that were started would find its port taken.
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const { port } = taken.address() as AddressInfo;
    const { code, stdout, stderr } = await cli(['connections', '--json', '--app', application('chat.module.js')], {
      env: { ...env, WEBSOCKET_ENABLED: 'true', WEBSOCKET_PORT: String(port) },
    });
    taken.close();
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(documents(stdout).length).toBe(3);
  });

  it('say that there is nothing to see where an application keeps its connections in memory', async () => {
    const { code, stdout, stderr } = await cli(['stats', '--app', application('decided.module.js')]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/keeps its connections in memory: .*nothing to see from here/);
  });

  it('look under the prefix that they are told', async () => {
    await seed(redis, three);
    const { stdout } = await cli(['stats', '--json', '--prefix', 'other:'], { env });
    expect(documents(stdout)).toMatchObject([{ totalConnections: 0 }]);
  });
});
