import { afterAll, afterEach, beforeAll, beforeEach, expect, it, jest } from '@jest/globals';
import { GatewayClient } from '../support/gateway-client.js';
import { ManagementApiServer, stopManagementApis } from '../support/management-api-server.js';
import { describeWithRedis, RedisServer } from '../support/redis.server.js';
import { application, cli, documents, killClis, startCli } from './cli.process.js';
import { connection, connectionsIn, seed } from './state.js';

// Each call is a process of its own.
jest.setTimeout(60_000);

const KEYS = { AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE', AWS_SECRET_ACCESS_KEY: 'example-secret' };
const DAY_MS = 86_400_000;

describeWithRedis('the commands that act', () => {
  let redis: RedisServer;
  let env: Record<string, string>;

  beforeAll(async () => {
    redis = await RedisServer.start();
    env = { WEBSOCKET_REDIS_URL: redis.url, ...KEYS };
  });
  beforeEach(() => redis.kill().then(() => redis.restart()));
  afterEach(async () => {
    await killClis();
    await stopManagementApis();
  });
  afterAll(() => redis.kill());

  /** Three connections of an API of API Gateway. */
  async function seededApi(): Promise<ManagementApiServer> {
    const api = await ManagementApiServer.start();
    const endpoint = api.endpoint();
    const connectedAt = Date.now() - 60_000;
    await seed(redis, [
      connection('Ann1=', { endpoint, connectedAt, userId: 'ann', channels: ['news'] }),
      connection('Ann2=', { endpoint, connectedAt, userId: 'ann' }),
      connection('Ben1=', { endpoint, connectedAt, userId: 'ben', channels: ['news'] }),
    ]);
    return api;
  }

  it.each([
    { args: ['send', 'Ben1=', '{"a":1}'], to: ['Ben1='], said: 'Delivered to 1 connection.' },
    { args: ['send', '--user', 'ann', '{"a":1}'], to: ['Ann1=', 'Ann2='], said: 'Delivered to 2 connections.' },
    { args: ['send', '--channel', 'news', '{"a":1}'], to: ['Ann1=', 'Ben1='], said: 'Delivered to 2 connections.' },
    {
      args: ['send', '--channel', 'news', '--user', 'ann', '--except', 'Ann1=', '{"a":1}'],
      to: ['Ann2=', 'Ben1='],
      said: 'Delivered to 2 connections.',
    },
    { args: ['broadcast', '{"a":1}'], to: ['Ann1=', 'Ann2=', 'Ben1='], said: 'Delivered to 3 connections.' },
    {
      args: ['broadcast', '--except', 'Ben1=', '{"a":1}'],
      to: ['Ann1=', 'Ann2='],
      said: 'Delivered to 2 connections.',
    },
  ])('post to whom $args names', async ({ args, to, said }) => {
    const api = await seededApi();
    expect(await cli(args, { env })).toEqual({ code: 0, stdout: `${said}\n`, stderr: '' });
    expect(api.inboxes).toEqual(Object.fromEntries(to.map((id) => [id, [{ a: 1 }]])));
  });

  it.each([
    { what: 'JSON as it was written', args: ['{ "n": 12345678901234567890 }'], sent: '{ "n": 12345678901234567890 }' },
    { what: 'text as it is', args: ['--text', 'Grüße, "you"'], sent: 'Grüße, "you"' },
    { what: 'stdin', args: ['-'], stdin: '["from","stdin"]\n', sent: '["from","stdin"]' },
    { what: 'stdin as text', args: ['--text', '-'], stdin: 'two\nlines\n', sent: 'two\nlines\n' },
    { what: 'data that looks like an option', args: ['--', '-1'], sent: '-1' },
  ])('send $what', async ({ args, stdin = '', sent }) => {
    const api = await seededApi();
    expect((await cli(['broadcast', '--except', 'Ann1=', '--except', 'Ann2=', ...args], { env, stdin })).code).toBe(0);
    expect(api.requests.all.map(({ body }) => body.toString())).toEqual([sent]);
  });

  it.each([
    {
      what: 'too much',
      stdin: JSON.stringify('x'.repeat(131_072)),
      says: /131074 bytes of UTF-8, more than the 131072 allowed/,
    },
    { what: 'what is not UTF-8', stdin: Buffer.from([0x22, 0xff, 0x22]), says: /not UTF-8/ },
    { what: 'nothing', stdin: '', says: /no JSON/ },
  ])('refuse $what on stdin before anything is sent, with 2', async ({ stdin, says }) => {
    const api = await seededApi();
    const { code, stderr } = await cli(['broadcast', '-'], { env, stdin });
    expect(stderr).toMatch(says);
    expect(code).toBe(2);
    expect(api.requests.all).toEqual([]);
  });

  it('count what became of a message, for scripts', async () => {
    const api = await seededApi();
    api.answerWith(({ connectionId }) => (connectionId === 'Ann1=' ? 410 : connectionId === 'Ann2=' ? 403 : 200));
    const { code, stdout } = await cli(['broadcast', '1', '--json', '--reasons'], { env });
    expect(code).toBe(1);
    expect(documents(stdout)).toEqual([
      { delivered: 1, gone: 1, throttled: 0, failed: 1, reasons: { gone: 1, forbidden: 1 } },
    ]);
    expect(await connectionsIn(redis)).toEqual(['Ann2=', 'Ben1=']);
  });

  it('say what to do about messages that did not get through', async () => {
    const api = await seededApi();
    api.answerWith(() => 403);
    const { code, stdout, stderr } = await cli(['send', '--user', 'ben', '1'], { env });
    expect({ code, stdout }).toEqual({ code: 1, stdout: 'Delivered to nobody, 1 failed.\n' });
    expect(stderr).toMatch(/^1 × \w+: .*execute-api:ManageConnections/m);
  });

  it.each([
    { args: ['send', 'None=', '1'] },
    { args: ['send', '--user', 'nobody', '1'] },
    { args: ['send', '--channel', 'none', '1'] },
    { args: ['disconnect', 'None='] },
    { args: ['disconnect', '--user', 'nobody'] },
  ])('end with 4 where there is nobody: $args', async ({ args }) => {
    await seededApi();
    expect((await cli(args, { env })).code).toBe(4);
  });

  it('disconnect a user, and leave what could not be closed where it is', async () => {
    const api = await seededApi();
    api.answerWith(({ connectionId }) => (connectionId === 'Ann2=' ? 403 : 204));
    const { code, stdout } = await cli(['disconnect', '--user', 'ann', '--json'], { env });
    expect(code).toBe(1);
    expect(documents(stdout)).toEqual([{ closed: ['Ann1='], failed: ['Ann2='], gone: [] }]);
    expect(await connectionsIn(redis)).toEqual(['Ann2=', 'Ben1=']);
  });

  it('clean up what is old, or what its gateway calls gone', async () => {
    const api = await seededApi();
    const connectedAt = Date.now() - 2 * DAY_MS;
    const old = ['Old1=', 'Old2='].map((id) => connection(id, { endpoint: api.endpoint(), connectedAt }));
    await seed(redis, old);
    api.answerWith(({ connectionId }) => (connectionId === 'Old1=' ? 410 : { status: 200, body: '{}' }));
    const asked = await cli(['cleanup', '--ask-gateway', '--json'], { env });
    expect(documents(asked.stdout)).toEqual([{ ended: 1, staleAfterSeconds: 86_400, askGateway: true }]);
    expect(await connectionsIn(redis)).toEqual(['Ann1=', 'Ann2=', 'Ben1=', 'Old2=']);
    const aged = await cli(['cleanup', '--stale-after', '30'], { env });
    expect(aged).toEqual({
      code: 0,
      stdout: 'Ended 3 connections without a sign of life for 30 seconds.\n',
      stderr: '',
    });
  });

  it('end at SIGINT with what was sent until then, and 130', async () => {
    const api = await seededApi();
    api.answerWith(({ connectionId }) => (connectionId === 'Ben1=' ? 200 : null));
    const sending = startCli(['broadcast', '1', '--json'], { env });
    while (api.requests.all.length < 3) await api.requests.next();
    sending.signal('SIGINT');
    const { code, stdout } = await sending.ended;
    expect(code).toBe(130);
    expect(documents(stdout)).toMatchObject([{ aborted: true, delivered: 1, failed: 2 }]);
  });

  it('end with 3 when the store dies in between', async () => {
    await seededApi();
    await redis.kill();
    const { code, stdout, stderr } = await cli(['broadcast', '1'], { env });
    expect({ code, stdout }).toEqual({ code: 3, stdout: '' });
    expect(stderr).toMatch(/^error: The connection store failed to /m);
  });

  it('reach sockets that another process serves', async () => {
    const served = startCli(['serve', application('chat.module.js'), '--port', '0'], { env });
    const [, url] = await served.says(/^Listening on (ws:\S+)$/m);
    const client = await GatewayClient.open(url!);
    const [connectionId = ''] = await connectionsIn(redis);
    const sent = await cli(['send', '--json', '--', connectionId, '{"hello":"you"}'], { env });
    expect(documents(sent.stdout)).toEqual([{ delivered: 1, gone: 0, throttled: 0, failed: 0, reasons: {} }]);
    expect(await client.nextJson()).toEqual({ hello: 'you' });
    const closed = await cli(['disconnect', '--code', '4001', '--reason', 'bye', '--', connectionId], { env });
    expect(closed).toEqual({ code: 0, stdout: 'Closed 1 of 1.\n', stderr: '' });
    expect(await client.closed).toEqual({ code: 4001, reason: 'bye' });
  });
});
