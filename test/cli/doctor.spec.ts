import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { createCertificate, createFolder, removeFolders, type CertificateFiles } from '../support/certificates.js';
import { ManagementApiServer, stopManagementApis } from '../support/management-api-server.js';
import { describeWithRedis, freePort, RedisServer } from '../support/redis.server.js';
import { application, cli, documents, killClis, startCli } from './cli.process.js';
import { compareClocks } from '../../src/cli/doctor/clock.comparison.js';
import { checkCredentials } from '../../src/cli/doctor/credentials.check.js';
import { checkGateway } from '../../src/cli/doctor/gateway.check.js';
import { resolveWebSocketOptions } from '../../src/websocket.options-resolver.js';
import { closeGatewayApps, gatewayApp } from '../support/gateway-app.js';

// Each call is a process of its own.
jest.setTimeout(60_000);

interface Finding {
  readonly check: string;
  readonly status: string;
  readonly message: string;
  readonly remedy?: string;
}

const SECRET = 'example-secret-of-nobody';
const KEYS = { AWS_ACCESS_KEY_ID: 'AKIDEXAMPLEOFNOBODY', AWS_SECRET_ACCESS_KEY: SECRET };

async function examine(
  env: Readonly<Record<string, string>>,
  ...args: string[]
): Promise<{ code: number | null; findings: Finding[]; of: (check: string) => Finding[]; said: string }> {
  const { code, stdout, stderr } = await cli(['doctor', '--json', ...args], { env });
  const [report] = documents(stdout) as [{ isWell: boolean; findings: Finding[] }];
  expect(report.isWell).toBe(code === 0);
  for (const { status, remedy } of report.findings) {
    if (status === 'problem' || status === 'warning') expect(remedy).toMatch(/\.$/);
  }
  const of = (check: string): Finding[] => report.findings.filter((finding) => finding.check === check);
  return { code, findings: report.findings, of, said: stdout + stderr };
}

describeWithRedis('nest-websocket doctor', () => {
  let redis: RedisServer;
  let env: Record<string, string>;

  beforeAll(async () => {
    redis = await RedisServer.start();
  });
  beforeEach(() => {
    env = { WEBSOCKET_REDIS_URL: redis.url, ...KEYS };
  });
  afterEach(async () => {
    await killClis();
    await stopManagementApis();
    removeFolders();
  });
  afterAll(() => redis.kill());

  it('finds everything in order where it is, and asks the endpoint for nobody, signed', async () => {
    const api = await ManagementApiServer.start(() => ({ status: 410, error: 'GoneException' }));
    const { code, findings } = await examine({ ...env, WEBSOCKET_API_GATEWAY_ENDPOINT: api.endpoint() });
    expect(code).toBe(0);
    const statuses = Object.fromEntries(findings.map(({ check, status }) => [check, status]));
    expect(statuses).toEqual({
      ...{ configuration: 'ok', credentials: 'ok', endpoint: 'ok', store: 'ok', clock: 'ok' },
      ...{ gateway: 'skipped', cluster: 'skipped' },
    });
    const [{ method, url, headers } = { method: '', url: '', headers: {} }] = api.requests.all;
    expect(method).toBe('GET');
    expect(url).toMatch(/^\/prod\/@connections\/[\w%]+$/);
    expect(headers.authorization).toMatch(/^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLEOFNOBODY\//);
  });

  it.each([
    {
      status: 403,
      error: 'ForbiddenException:http://x',
      is: 'problem',
      says: /403 ForbiddenException/,
      remedy: /ManageConnections/,
    },
    { status: 404, error: undefined, is: 'problem', says: /404/, remedy: /stage/ },
    {
      status: 429,
      error: 'LimitExceededException',
      is: 'warning',
      says: /throttles/,
      remedy: /requests of the account/,
    },
    { status: 200, error: undefined, is: 'problem', says: /where 410 was expected/, remedy: /Management API/ },
    { status: 500, error: undefined, is: 'problem', says: /where 410 was expected/, remedy: /Management API/ },
  ])('knows what an endpoint means that answers $status', async ({ status, error, is, says, remedy }) => {
    const api = await ManagementApiServer.start(() => ({ status, ...(error !== undefined && { error }) }));
    const { code, of } = await examine(env, '--endpoint', api.endpoint());
    const [found] = of('endpoint');
    expect(found).toEqual({
      check: 'endpoint',
      status: is,
      message: expect.stringMatching(says) as unknown,
      remedy: expect.stringMatching(remedy) as unknown,
    });
    expect(code).toBe(is === 'problem' ? 1 : 0);
  });

  it.each([
    { endpoint: 'http://127.0.0.1:1/prod', says: /cannot be reached \(ECONNREFUSED\)/ },
    { endpoint: 'https://api.invalid/prod', says: /name api\.invalid cannot be resolved/ },
    { endpoint: 'https://abc.execute-api.eu-west-1.amazonaws.com', says: /no stage behind it/ },
    { endpoint: 'http://abc.execute-api.eu-west-1.amazonaws.com/prod', says: /without TLS/ },
  ])('finds what is wrong with $endpoint', async ({ endpoint, says }) => {
    const { code, of } = await examine(env, '--endpoint', endpoint);
    expect(code).toBe(1);
    const problems = of('endpoint').filter(({ status }) => status === 'problem');
    expect(problems.map(({ message }) => message).join('\n')).toMatch(says);
  });

  it('finds an endpoint that does not speak TLS, and one that gives no answer', async () => {
    const api = await ManagementApiServer.start(() => null);
    const plain = await examine(env, '--endpoint', api.endpoint().replace('http:', 'https:'));
    expect(plain.of('endpoint')[0]).toMatchObject({
      status: 'problem',
      message: expect.stringContaining('cannot be reached'),
    });
    const silent = await examine(env, '--endpoint', api.endpoint());
    expect(silent.of('endpoint')[0]).toMatchObject({
      status: 'problem',
      message: expect.stringMatching(/gave no answer \(Timeout/),
    });
  });

  it('finds that there are no credentials, and then asks nobody', async () => {
    const api = await ManagementApiServer.start();
    const { code, of } = await examine({ WEBSOCKET_REDIS_URL: redis.url }, '--endpoint', api.endpoint());
    expect(code).toBe(1);
    expect(of('credentials')).toMatchObject([{ status: 'problem', remedy: expect.stringContaining('AWS_PROFILE') }]);
    expect(of('endpoint')).toMatchObject([{ status: 'skipped' }]);
    expect(api.requests.all).toEqual([]);
  });

  it('never says a secret: neither keys, nor tokens, nor the password of a URL', async () => {
    const api = await ManagementApiServer.start(() => 403);
    const { said } = await examine(
      {
        ...env,
        AWS_SESSION_TOKEN: 'token-of-nobody',
        WEBSOCKET_REDIS_URL: `redis://user:pass-of-nobody@127.0.0.1:${redis.port}`,
      },
      ...['--endpoint', api.endpoint(), '--debug'],
    );
    expect(api.requests.all[0]?.headers['x-amz-security-token']).toBe('token-of-nobody');
    for (const secret of [SECRET, 'AKIDEXAMPLEOFNOBODY', 'token-of-nobody', 'pass-of-nobody'])
      expect(said).not.toContain(secret);
  });

  it('finds a store that is down, and goes on with the rest', async () => {
    const dead = `redis://127.0.0.1:${await freePort()}`;
    const { code, of } = await examine({ WEBSOCKET_REDIS_URL: dead });
    expect(code).toBe(1);
    expect(of('store')).toMatchObject([
      {
        status: 'problem',
        message: expect.stringContaining('ECONNREFUSED'),
        remedy: expect.stringContaining('Start its server'),
      },
    ]);
    expect(of('clock')).toMatchObject([{ status: 'skipped' }]);
  });

  it('finds a password that is wrong, and a Redis that may throw connections away', async () => {
    const careless = await RedisServer.start({
      arguments: ['--requirepass', 'secret', '--maxmemory', '50mb', '--maxmemory-policy', 'allkeys-lru'],
    });
    try {
      const { port } = careless;
      const locked = await examine({ WEBSOCKET_REDIS_URL: `redis://127.0.0.1:${port}` });
      expect(locked.of('store')).toMatchObject([{ status: 'problem', remedy: expect.stringContaining('password') }]);
      const open = await examine({ WEBSOCKET_REDIS_URL: `redis://:secret@127.0.0.1:${port}` });
      expect(open.code).toBe(0);
      expect(open.of('store').at(-1)).toMatchObject({
        status: 'warning',
        remedy: 'Set maxmemory-policy to noeviction.',
      });
    } finally {
      await careless.kill();
    }
  });

  it('says that a store in memory is nobody else’s', async () => {
    const { code, of } = await examine({});
    expect(code).toBe(0);
    expect(of('store').at(-1)).toMatchObject({ status: 'warning', message: expect.stringContaining('not shared') });
  });

  it('takes a configuration that cannot be used for the finding that it is', async () => {
    const { code, findings } = await examine({ WEBSOCKET_REDIS_URL: 'nowhere' });
    expect(code).toBe(1);
    expect(findings).toMatchObject([{ check: 'configuration', status: 'problem' }]);
  });

  it('warns of a region that is not the endpoint’s', async () => {
    const { of } = await examine(
      { ...env, WEBSOCKET_AWS_REGION: 'us-east-1' },
      ...['--endpoint', 'https://abc.execute-api.eu-west-1.amazonaws.com/prod'],
    );
    expect(of('configuration')).toMatchObject([
      { status: 'ok' },
      { status: 'warning', message: expect.stringContaining('us-east-1') },
    ]);
  });

  it('finds the gateway of this machine, ready or not there, and the nodes of the cluster', async () => {
    const port = await freePort();
    const gatewayEnv = { ...env, WEBSOCKET_ENABLED: 'true', WEBSOCKET_PORT: String(port) };
    const before = await examine(gatewayEnv);
    expect(before.of('gateway')).toMatchObject([
      { status: 'warning', message: expect.stringContaining('ECONNREFUSED') },
    ]);
    const served = startCli(['serve', application('chat.module.js')], { env: gatewayEnv });
    await served.says(/Listening on/);
    for (const args of [[], ['--app', application('chat.module.js')]]) {
      const during = await examine(gatewayEnv, ...args);
      expect(during.of('gateway')).toMatchObject([{ status: 'ok', message: expect.stringContaining('is ready') }]);
      expect(during.of('cluster')).toMatchObject([{ status: 'ok' }]);
    }
  });

  it('finds a certificate that cannot be used', async () => {
    const { code, of } = await examine({
      ...env,
      ...{ WEBSOCKET_ENABLED: 'true', WEBSOCKET_PORT: '0' },
      ...{ WEBSOCKET_SSL_CERT_PATH: '/none/cert.pem', WEBSOCKET_SSL_KEY_PATH: '/none/key.pem' },
    });
    expect(code).toBe(1);
    expect(of('gateway')).toMatchObject([{ status: 'problem', message: expect.stringContaining('ENOENT') }]);
  });

  it('finds a certificate that ends soon, and a key that is another’s', async () => {
    const folder = createFolder();
    const [mine, other] = ['mine', 'other'].map((name) => createCertificate(folder, name)) as [
      CertificateFiles,
      CertificateFiles,
    ];
    const listening = {
      ...env,
      WEBSOCKET_ENABLED: 'true',
      WEBSOCKET_PORT: '0',
      WEBSOCKET_SSL_CERT_PATH: mine.certPath,
    };
    const soon = await examine({ ...listening, WEBSOCKET_SSL_KEY_PATH: mine.keyPath });
    expect(soon.of('gateway')[0]).toMatchObject({ status: 'warning', remedy: 'Renew it.' });
    const mixed = await examine({ ...listening, WEBSOCKET_SSL_KEY_PATH: other.keyPath });
    expect(mixed.of('gateway')).toMatchObject([
      { status: 'problem', message: expect.stringContaining('is not that of') },
    ]);
  });

  it('tells a person each finding with what to do below it', async () => {
    const { code, stdout } = await cli(['doctor'], { env: { WEBSOCKET_REDIS_URL: 'redis://127.0.0.1:1' } });
    expect(code).toBe(1);
    expect(stdout).toMatch(/^problem {2}store: .*\n {9}→ Start its server/m);
  });
});

describe('the comparison of clocks', () => {
  const reading = { of: 'that of Redis', resolutionMs: 1, askedAt: 1_000_000, answeredAt: 1_000_010 };

  it.each([
    { offBy: 0, status: 'ok', says: /agrees/ },
    { offBy: 4_000, status: 'ok', says: /agrees/ },
    { offBy: 60_000, status: 'warning', says: /60 seconds behind that of Redis/ },
    { offBy: -60_000, status: 'warning', says: /60 seconds ahead of that of Redis/ },
    { offBy: 400_000, status: 'problem', says: /400 seconds behind/ },
  ])('calls $offBy ms $status', ({ offBy, status, says }) => {
    const finding = compareClocks({ ...reading, time: 1_000_005 + offBy });
    expect(finding).toMatchObject({ status, message: expect.stringMatching(says) });
  });

  it('forgives what a slow answer leaves in doubt', () => {
    expect(compareClocks({ ...reading, answeredAt: 1_020_000, time: 1_000_500 })).toMatchObject({ status: 'ok' });
  });
});

describe('nest-websocket doctor, where the gateway has no probes', () => {
  afterEach(closeGatewayApps);

  it('takes no other server for the gateway', async () => {
    const server = createServer((_, response) => void response.writeHead(404).end()).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const { gateway } = resolveWebSocketOptions({ gateway: { port, probes: false } }, {});
    expect(await checkGateway(gateway, 1_000)).toMatchObject([
      { status: 'problem', message: expect.stringContaining('is no gateway: it answers 404') },
    ]);
    server.close();
    await once(server, 'close');
  });

  it('finds it by its answer to a request that is no handshake', async () => {
    const { port } = await gatewayApp().gateway({ path: '/chat' }).start();
    const { gateway } = resolveWebSocketOptions({ gateway: { port, path: '/chat', probes: false } }, {});
    expect(await checkGateway(gateway, 1_000)).toMatchObject([
      { status: 'ok', message: expect.stringMatching(/^A gateway listens on 127\.0\.0\.1:\d+\.$/) },
    ]);
  });
});

describe('nest-websocket doctor, where nothing was said of AWS', () => {
  it.each([
    [false, 'Messages to API Gateway need AWS credentials; with --endpoint they are looked for.'],
    [{}, 'Nothing that is configured needs AWS credentials.'],
  ] as const)('calls credentials unneeded only where the embedded gateway is on: %j', async (gateway, message) => {
    const { finding } = await checkCredentials(resolveWebSocketOptions({ gateway }, {}), 1_000);
    expect(finding).toEqual({ check: 'credentials', status: 'skipped', message });
  });
});
