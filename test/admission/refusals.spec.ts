import { afterEach, describe, expect, it } from '@jest/globals';
import { ForbiddenException, ServiceUnavailableException, UnauthorizedException } from '@nestjs/common';
import { ConnectionRefusedError, type AdmissionOptions, type Authenticate } from '../../src/index.js';
import { closeGatewayApps, gatewayApp, type GatewayApp } from '../support/gateway-app.js';
import { fetchPlain, RawConnection, upgradeRequest } from '../support/gateway-client.js';
import { startApplication, stopApplications } from '../support/application.js';
import { connect } from '../support/events.js';
import { ManualClock } from '../support/manual.clock.js';

/** Clients that answer no close, and whom a gateway without time of its own would wait for. */
const opened: RawConnection[] = [];

afterEach(async () => {
  for (const raw of opened.splice(0)) raw.socket.destroy();
  await closeGatewayApps();
  await stopApplications();
});

/** What one client says at its handshake. */
interface Handshake {
  readonly headers?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string>>;
}

interface Answer {
  readonly status: number;
  readonly retryAfter: string | null;
  readonly body: string;
}

/** A place that clients connect to. */
interface Home {
  connect(handshake: Handshake): Promise<Answer>;
  /** How many connections the application knows. */
  count(): Promise<number>;
}

async function lambda(admission: AdmissionOptions): Promise<Home> {
  const { manager } = await startApplication({ options: { admission, clock: new ManualClock() } });
  return {
    connect: async ({ headers = {}, query }) => {
      const event = { ...connect(), headers, ...(query !== undefined && { queryStringParameters: query }) };
      const { requestContext } = event;
      const fromLoopback = { ...requestContext, identity: { sourceIp: '127.0.0.1' } };
      const response = await manager.handle({ ...event, requestContext: fromLoopback });
      return {
        status: response.statusCode,
        retryAfter: response.headers?.['Retry-After'] ?? null,
        body: response.body,
      };
    },
    count: async () => (await manager.getAllConnections()).length,
  };
}

async function gateway(admission: AdmissionOptions): Promise<Home> {
  const app = await gatewayApp().with({ admission, clock: new ManualClock() }).start();
  return {
    connect: ({ headers = {}, query = {} }) => shakeHands(app, headers, new URLSearchParams(query).toString()),
    count: async () => (await app.manager.getAllConnections()).length,
  };
}

/** Does a handshake on a socket, and reads what it is answered, byte by byte. */
async function shakeHands(app: GatewayApp, headers: Readonly<Record<string, string>>, query: string): Promise<Answer> {
  const raw = await RawConnection.open(app.port);
  opened.push(raw);
  raw.socket.write(upgradeRequest({ path: query === '' ? '/ws' : `/ws?${query}`, headers }));
  const head = await raw.until('\r\n\r\n');
  const status = Number(/^HTTP\/1\.1 (\d+)/.exec(head)?.[1]);
  if (status === 101) return { status, retryAfter: null, body: '' };
  // A refused handshake ends in HTTP: the socket closes, and was never a WebSocket.
  await raw.closed;
  expect(raw.text.toLowerCase()).not.toContain('sec-websocket-accept');
  const retryAfter = /^retry-after: (.*)\r$/im.exec(raw.text)?.[1] ?? null;
  return { status, retryAfter, body: raw.text.slice(raw.text.indexOf('\r\n\r\n') + 4) };
}

const authenticate: Authenticate = ({ query: { token } }) => {
  switch (token) {
    case undefined:
      return null;
    case 'forbidden':
      throw new ForbiddenException();
    case 'not-now':
      throw new ServiceUnavailableException();
    case 'too-often':
      throw new ConnectionRefusedError(429, { retryAfterSeconds: 7 });
    case 'wrong':
      throw new UnauthorizedException('this token is no good');
    case 'broken':
      throw new Error('the database is away');
    case 'expired':
      return { userId: 'ada', expiresAt: 1 };
    default:
      return { userId: token };
  }
};

interface Case {
  readonly what: string;
  readonly admission: AdmissionOptions;
  /** Those who are let in first. */
  readonly before?: readonly Handshake[];
  readonly handshake: Handshake;
  readonly status: number;
  readonly error?: string;
  /** What the header Retry-After says, where there is one. */
  readonly retryAfter?: string;
}

const ORIGINS: AdmissionOptions = { origins: ['https://example.com', 'https://other.example:8443'] };
const cases: readonly Case[] = [
  {
    what: 'a query string that is too long',
    admission: { maxUrlBytes: 100 },
    handshake: { query: { q: 'x'.repeat(100) } },
    status: 413,
    error: 'Too large',
  },
  {
    what: 'a query string of 4,096 bytes',
    admission: { maxConnections: 9 },
    handshake: { query: { q: 'x'.repeat(4_094) } },
    status: 101,
  },
  {
    what: 'one byte more',
    admission: { maxConnections: 9 },
    handshake: { query: { q: 'x'.repeat(4_095) } },
    status: 413,
  },
  {
    what: 'an address that is not on the list',
    admission: { allowedIps: ['10.0.0.0/8', '::1'] },
    handshake: {},
    status: 403,
    error: 'Forbidden',
  },
  { what: 'an address in a range of the list', admission: { allowedIps: ['127.0.0.0/8'] }, handshake: {}, status: 101 },
  {
    what: 'an IPv4 range written as IPv6',
    admission: { allowedIps: ['::ffff:127.0.0.0/104'] },
    handshake: {},
    status: 101,
  },
  {
    what: 'an origin that is not on the list',
    admission: ORIGINS,
    handshake: { headers: { Origin: 'https://evil.example' } },
    status: 403,
    error: 'Forbidden',
  },
  {
    what: 'an origin on the list',
    admission: ORIGINS,
    handshake: { headers: { Origin: 'https://example.com' } },
    status: 101,
  },
  {
    what: 'the origin of a page in a sandbox',
    admission: ORIGINS,
    handshake: { headers: { Origin: 'null' } },
    status: 403,
  },
  { what: 'no origin', admission: ORIGINS, handshake: {}, status: 101 },
  {
    what: 'no origin where one is asked for',
    admission: { ...ORIGINS, allowMissingOrigin: false },
    handshake: {},
    status: 403,
  },
  {
    what: 'more handshakes a second than one address may make',
    admission: { handshakesPerSecondPerIp: 2 },
    before: [{}, {}],
    handshake: {},
    status: 429,
    error: 'Too many requests',
    retryAfter: '1',
  },
  {
    what: 'more handshakes a second than there may be in all',
    admission: { handshakesPerSecond: 2 },
    before: [{}, {}],
    handshake: {},
    status: 429,
    retryAfter: '1',
  },
  { what: 'nobody', admission: { authenticate }, handshake: {}, status: 401, error: 'Unauthorized' },
  {
    what: 'nobody, where nobody is welcome',
    admission: { authenticate, requireAuthentication: false },
    handshake: {},
    status: 101,
  },
  {
    what: 'nobody, without a hook that could tell',
    admission: { requireAuthentication: true },
    handshake: {},
    status: 401,
  },
  {
    what: 'a token that the hook refuses',
    admission: { authenticate },
    handshake: { query: { token: 'wrong' } },
    status: 401,
  },
  {
    what: 'a client that the hook forbids',
    admission: { authenticate },
    handshake: { query: { token: 'forbidden' } },
    status: 403,
  },
  {
    what: 'a hook that has no time',
    admission: { authenticate },
    handshake: { query: { token: 'not-now' } },
    status: 503,
  },
  {
    what: 'a client that the hook sends away for a while',
    admission: { authenticate },
    handshake: { query: { token: 'too-often' } },
    status: 429,
    retryAfter: '7',
  },
  {
    what: 'a hook that fails',
    admission: { authenticate },
    handshake: { query: { token: 'broken' } },
    status: 500,
    error: 'Internal server error',
  },
  {
    what: 'an authentication that is over',
    admission: { authenticate },
    handshake: { query: { token: 'expired' } },
    status: 401,
  },
  { what: 'a user', admission: { authenticate }, handshake: { query: { token: 'ada' } }, status: 101 },
  {
    what: 'one connection of a user too many',
    admission: { authenticate, maxConnectionsPerUser: 1 },
    before: [{ query: { token: 'ada' } }],
    handshake: { query: { token: 'ada' } },
    status: 429,
    error: 'Too many requests',
    retryAfter: '10',
  },
  {
    what: 'another user',
    admission: { authenticate, maxConnectionsPerUser: 1 },
    before: [{ query: { token: 'ada' } }],
    handshake: { query: { token: 'bob' } },
    status: 101,
  },
  {
    what: 'one connection of an address too many',
    admission: { maxConnectionsPerIp: 1 },
    before: [{}],
    handshake: {},
    status: 429,
    retryAfter: '10',
  },
  {
    what: 'one connection too many in all',
    admission: { maxConnections: 2 },
    before: [{}, {}],
    handshake: {},
    status: 503,
    error: 'Service unavailable',
    retryAfter: '10',
  },
];

describe.each([
  { home: 'API Gateway', start: lambda, accepted: 200 },
  { home: 'the embedded gateway', start: gateway, accepted: 101 },
])('a handshake on $home', ({ start, accepted }) => {
  it.each(cases)(
    'of $what is answered $status',
    async ({ admission, before = [], handshake, status, error, retryAfter }) => {
      const home = await start(admission);
      for (const earlier of before) expect((await home.connect(earlier)).status).toBe(accepted);
      const answer = await home.connect(handshake);
      expect(answer.status).toBe(status === 101 ? accepted : status);
      if (error !== undefined) expect(JSON.parse(answer.body)).toEqual({ error });
      expect(answer.retryAfter).toBe(retryAfter ?? null);
      expect(await home.count()).toBe(before.length + (status === 101 ? 1 : 0));
    },
  );

  const everything: AdmissionOptions = {
    maxUrlBytes: 60,
    allowedIps: ['127.0.0.1'],
    origins: ['https://example.com'],
    handshakesPerSecond: 2,
    maxConnectionsPerUser: 1,
    maxConnections: 1,
  };
  it('is refused for the cheapest reason there is, and the hook is asked only when there is none', async () => {
    const asked: unknown[] = [];
    const home = await start({
      ...everything,
      authenticate: (request) => {
        asked.push(request.query['token']);
        return authenticate(request);
      },
    });
    const evil = { Origin: 'https://evil.example' };
    const long = 'x'.repeat(60);
    expect((await home.connect({ headers: evil, query: { token: long } })).status).toBe(413);
    expect((await home.connect({ headers: evil, query: { token: 'ada' } })).status).toBe(403);
    expect(asked).toEqual([]);
    expect((await home.connect({ query: { token: 'ada' } })).status).toBe(accepted);
    expect((await home.connect({ query: { token: 'ada' } })).status).toBe(429);
    expect(asked).toEqual(['ada', 'ada']);
    expect((await home.connect({ query: { token: 'bob' } })).status).toBe(429);
    expect(asked).toEqual(['ada', 'ada']);
  });
});

describe('a handshake on the embedded gateway', () => {
  it('that is refused leaves the gateway serving', async () => {
    const app = await gatewayApp()
      .with({ admission: { maxConnections: 1 } })
      .start();
    const first = await app.connect();
    for (let index = 0; index < 20; index++) expect((await shakeHands(app, {}, '')).status).toBe(503);
    await first.close();
    await (await app.connect()).close();
    expect((await fetchPlain(app.endpoint)).status).toBe(426);
  });
});
