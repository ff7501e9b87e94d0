import { Injectable, Module } from '@nestjs/common';
import { afterEach, describe, expect, it } from '@jest/globals';
import {
  InvalidOptionsError,
  type AdmissionOptions,
  type Authenticate,
  type Authentication,
  type AuthenticationRequest,
  type ConnectedEvent,
  type DisconnectedEvent,
  type MessageEvent,
} from '../../src/index.js';
import { closeGatewayApps, gatewayApp, recorder, type GatewayApp } from '../support/gateway-app.js';
import { GatewayClient, RawConnection, upgradeRequest } from '../support/gateway-client.js';
import { Gate, Inbox } from '../support/gateway-inbox.js';
import { startApplication, stopApplications } from '../support/application.js';
import { connect, disconnect, message, newConnectionId } from '../support/events.js';
import { testCredentials } from '../support/management-api-client.js';
import { ManagementApiServer, stopManagementApis } from '../support/management-api-server.js';
import { ManualClock } from '../support/manual.clock.js';
import { EventRecorder } from '../support/recorder.js';
import { describeWithRedis, RedisServer } from '../support/redis.server.js';

afterEach(async () => {
  await closeGatewayApps();
  await stopApplications();
  await stopManagementApis();
});

const MINUTE = 60_000;

/** Knows clients by their token: `{user}` for ever, `{user}@{epoch ms}` until then. */
const byToken: Authenticate = ({ query, body }) => {
  const token = query['token'] ?? (body as { token?: unknown } | undefined)?.token;
  if (typeof token !== 'string') return null;
  const [userId = '', expiresAt] = token.split('@');
  return {
    userId,
    role: 'guest',
    level: 3,
    isNew: true,
    ...(expiresAt !== undefined && { expiresAt: Number(expiresAt) }),
  };
};

const AUTHORIZER = { principalId: 'ada', userId: 'ada', role: 'guest', level: '3', isNew: 'true' };

/** A gateway whose clients are known by their tokens, with everything that its listeners heard. */
async function listeningGateway(admission: AdmissionOptions, clock = new ManualClock()) {
  const connected = recorder<'websocket.connected'>();
  const disconnected = recorder<'websocket.disconnected'>();
  const messages = recorder<'websocket.message'>();
  const app = await gatewayApp()
    .gateway({ pingIntervalSeconds: 36_000 })
    .with({ admission: { authenticate: byToken, ...admission }, clock })
    .on('websocket.connected', connected.push)
    .on('websocket.disconnected', disconnected.push)
    .on('websocket.message', messages.push)
    .start();
  return { app, clock, connected, disconnected, messages };
}

function authorizerOf({ eventData }: ConnectedEvent | MessageEvent | DisconnectedEvent): unknown {
  return eventData?.requestContext.authorizer;
}

describe('what the hook says of a client', () => {
  it('is the authorizer of all three events of the embedded gateway, every value as a string', async () => {
    const { app, connected, disconnected, messages } = await listeningGateway({});
    const client = await app.connect({}, '?token=ada');
    client.send('hello');
    expect(authorizerOf(await connected.next())).toEqual(AUTHORIZER);
    expect(authorizerOf(await messages.next())).toEqual(AUTHORIZER);
    expect(await app.manager.getConnectionsByUserId('ada')).toHaveLength(1);
    await client.close(4000, 'bye');
    const end = await disconnected.next();
    expect(authorizerOf(end)).toEqual(AUTHORIZER);
    expect(end.connection.userId).toBe('ada');
  });

  it('is the authorizer of all three events of API Gateway, in place of what they had', async () => {
    const { manager, get } = await startApplication({
      options: { admission: { authenticate: byToken } },
      providers: [EventRecorder],
    });
    const connectionId = newConnectionId();
    await manager.handle({ ...connect({ connectionId, userId: 'eve' }), queryStringParameters: { token: 'ada' } });
    await manager.handle(message(connectionId, 'hello', '$default', { userId: 'eve' }));
    await manager.handle(disconnect(connectionId));
    const heard = get(EventRecorder);
    expect(heard.connected[0]?.connection.userId).toBe('ada');
    expect([heard.connected[0]!, heard.messages[0]!, heard.disconnected[0]!].map(authorizerOf)).toEqual([
      AUTHORIZER,
      AUTHORIZER,
      AUTHORIZER,
    ]);
  });

  it('leaves an authorizer of API Gateway alone where there is no hook', async () => {
    const { manager, get } = await startApplication({
      options: { admission: { requireAuthentication: true, maxConnectionsPerUser: 1 } },
      providers: [EventRecorder],
    });
    const connectionId = newConnectionId();
    expect((await manager.handle(connect({ connectionId, userId: 'ada' }))).statusCode).toBe(200);
    expect((await manager.handle(connect({ userId: 'ada' }))).statusCode).toBe(429);
    expect((await manager.handle(message(connectionId, 'hi', '$default', { userId: 'ada' }))).statusCode).toBe(200);
    expect(authorizerOf(get(EventRecorder).messages[0]!)).toEqual({ principalId: 'p', userId: 'ada' });
  });

  it('is asked for with headers by lower-case names, the query, the subprotocols and the address', async () => {
    const requests: AuthenticationRequest[] = [];
    const app = await gatewayApp()
      .with({
        subprotocols: ['chat.v2', 'chat'],
        admission: {
          authenticate: (request) => {
            requests.push(request);
            return { userId: 'ada' };
          },
        },
      })
      .start();
    const raw = await RawConnection.open(app.port);
    const headers = { 'X-Device': 'phone', 'Sec-WebSocket-Protocol': 'bearer.s3cret, chat, chat.v2' };
    raw.socket.write(upgradeRequest({ path: '/ws?a=1&a=2', headers }));
    const answer = await raw.until('\r\n\r\n');
    raw.socket.destroy();
    // The server's list decides, and the token goes nowhere.
    expect(/^sec-websocket-protocol: (.*)\r$/im.exec(answer)?.[1]).toBe('chat.v2');
    expect(answer).not.toContain('s3cret');
    const [request] = requests;
    expect(request).toMatchObject({
      sourceIp: '127.0.0.1',
      protocols: ['bearer.s3cret', 'chat', 'chat.v2'],
      query: { a: '2' },
    });
    expect(request?.headers['x-device']).toBe('phone');
    expect(request?.headers['toString']).toBeUndefined();
    expect(request && 'body' in request).toBe(false);
  });

  it('may come from a provider of the application, by class or by token', async () => {
    @Injectable()
    class Gatekeeper {
      private readonly userId = 'ada';
      authenticate(): Authentication {
        return { userId: this.userId };
      }
    }
    @Module({ providers: [Gatekeeper, { provide: 'GATEKEEPER', useExisting: Gatekeeper }] })
    class GatekeeperModule {}
    for (const authenticate of [Gatekeeper, 'GATEKEEPER', new Gatekeeper()]) {
      const { manager } = await startApplication({
        options: { admission: { authenticate } },
        importsAfter: [GatekeeperModule],
      });
      expect((await manager.handle(connect())).statusCode).toBe(200);
      expect(await manager.getConnectionsByUserId('ada')).toHaveLength(1);
    }
    class Stranger {
      authenticate(): null {
        return null;
      }
    }
    const failing = startApplication({ options: { admission: { authenticate: Stranger } } });
    await expect(failing).rejects.toBeInstanceOf(InvalidOptionsError);
  });
});

describe('a hook', () => {
  const SECRET = 's3cret-token';
  const hooks: [what: string, hook: () => unknown, status: number][] = [
    [
      'throws an error with the token in it',
      () => {
        throw new Error(`jwt malformed: ${SECRET}`);
      },
      500,
    ],
    [
      'rejects with such an error and a cause',
      () => Promise.reject(new Error(SECRET, { cause: new Error(SECRET) })),
      500,
    ],
    ['rejects with a text', () => ({ then: (_: unknown, fail: (reason: unknown) => void) => fail(SECRET) }), 500],
    [
      'throws an error with a status of its own making',
      () => {
        throw Object.assign(new Error(SECRET), { getStatus: () => 200 });
      },
      500,
    ],
    ['returns nothing at all', () => undefined, 401],
    ['returns true', () => true, 500],
    ['returns a text', () => SECRET, 500],
    ['returns a list', () => [SECRET], 500],
    ['returns objects in its context', () => ({ userId: 'ada', claims: { token: SECRET } }), 500],
    ['returns a user id that is none', () => ({ userId: { token: SECRET } }), 500],
    ['returns an empty user id', () => ({ userId: '' }), 500],
    ['returns a user id of 257 characters', () => ({ userId: 'x'.repeat(257) }), 500],
    ['returns an expiry that is none', () => ({ userId: 'ada', expiresAt: '2030-01-01' }), 500],
    ['returns more than API Gateway would take', () => ({ userId: 'ada', blob: 'x'.repeat(8_192) }), 500],
    ['returns a __proto__ with a user id', () => JSON.parse('{"__proto__":{"userId":"eve"}}'), 500],
    ['never answers', () => new Promise(() => undefined), 503],
  ];

  it.each(hooks)('that %s lets nobody in, and nothing secret into the log', async (_, hook, status) => {
    const clock = new ManualClock();
    const builder = gatewayApp().with({
      admission: { authenticate: hook as Authenticate, authenticateTimeoutMs: 5_000 },
      clock,
    });
    const app = await builder.start();
    const written: string[] = [];
    const write = (...parts: unknown[]): void => void written.push(parts.map(String).join(' '));
    app.app.useLogger({ log: write, warn: write, error: write });
    const refused = GatewayClient.start(`${app.url}?token=${SECRET}`).refused();
    while (status === 503 && clock.pending < 2) await new Promise(setImmediate);
    await clock.advance(5_000);
    expect(await refused).toBe(status);
    expect(await app.manager.getAllConnections()).toEqual([]);
    const log = written.join('\n');
    if (status !== 401) expect(log).toContain('admission.authenticate');
    expect(log).not.toContain(SECRET);
  });

  it('that answers with an expiry in seconds is told to multiply it', async () => {
    const seconds = Math.floor(Date.now() / 1_000) + 3_600;
    const app = await gatewayApp()
      .with({ admission: { authenticate: () => ({ userId: 'ada', expiresAt: seconds }) } })
      .start();
    expect(await GatewayClient.start(app.url).refused()).toBe(401);
    expect(app.logged.filter((line) => line.includes('Multiply it by 1,000'))).toHaveLength(1);
  });

  it('that inherits a user id says nothing of a user, and a __proto__ of text is only a key', async () => {
    const results = [
      Object.create({ userId: 'eve' }) as Authentication,
      JSON.parse('{"__proto__":"x","a":1}') as Authentication,
    ];
    const authorizers: unknown[] = [];
    const { manager, get } = await startApplication({
      options: { admission: { authenticate: () => results.shift() ?? null } },
      providers: [EventRecorder],
    });
    for (let index = 0; index < 2; index++) expect((await manager.handle(connect())).statusCode).toBe(200);
    for (const event of get(EventRecorder).connected) {
      expect(event.connection.userId).toBeNull();
      authorizers.push(JSON.stringify(authorizerOf(event)));
    }
    expect(authorizers).toEqual(['{}', '{"__proto__":"x","a":"1"}']);
  });
});

describe('a client that authenticates itself after it was opened', () => {
  const late: AdmissionOptions = { authenticateWithinMs: 10_000 };

  it('is nobody until it does, and is connected as its user then', async () => {
    const { app, connected, messages } = await listeningGateway(late);
    const client = await app.connect();
    client.send('too early');
    expect(await client.next()).toMatch(/^\{"message": "Unauthorized", /);
    expect([connected.all, messages.all, await app.manager.getAllConnections()]).toEqual([[], [], []]);
    client.send({ action: 'authenticate', token: 'ada' });
    expect(await client.nextJson()).toEqual({ message: 'Authenticated' });
    const event = await connected.next();
    expect(event.connection).toMatchObject({ userId: 'ada', routeKey: '$connect' });
    expect(authorizerOf(event)).toEqual(AUTHORIZER);
    // What it said is not for listeners.
    expect(JSON.stringify(event.eventData)).not.toContain('token');
    client.send('now');
    expect(authorizerOf(await messages.next())).toEqual(AUTHORIZER);
    expect(await app.manager.sendToUser('ada', 'welcome')).toEqual({ [event.connectionId]: true });
    await client.close();
  });

  it('is closed when it has not in time, with a code that says so, and nobody ever hears of it', async () => {
    const { app, clock, connected, disconnected } = await listeningGateway(late);
    const client = await app.connect();
    client.send({ action: 'authenticate' });
    expect(await client.nextJson()).toEqual({ error: 'Unauthorized' });
    await clock.advance(9_999);
    expect(client.socket.readyState).toBe(client.socket.OPEN);
    await clock.advance(1);
    expect(await client.closed).toEqual({ code: 4408, reason: 'Authentication timeout' });
    expect([connected.all, disconnected.all]).toEqual([[], []]);
  });

  it('keeps its connection past that time once it has, and frees all its places at the end', async () => {
    const { app, clock, disconnected } = await listeningGateway({
      ...late,
      maxConnections: 1,
      maxConnectionsPerUser: 1,
    });
    const client = await app.connect();
    expect(await GatewayClient.start(app.url).refused()).toBe(503);
    client.send({ action: 'authenticate', token: 'ada' });
    await client.next();
    await clock.advance(MINUTE);
    expect(client.socket.readyState).toBe(client.socket.OPEN);
    await client.close();
    await disconnected.next();
    const again = await app.connect({}, '?token=ada');
    expect(await GatewayClient.start(`${app.url}?token=ada`).refused()).toBe(429);
    await again.close();
  });

  it('gets no place among the connections of a user who has enough of them, and may try again', async () => {
    const { app } = await listeningGateway({ ...late, maxConnectionsPerUser: 1 });
    const first = await app.connect({}, '?token=ada');
    const second = await app.connect();
    second.send({ action: 'authenticate', token: 'ada' });
    expect(await second.nextJson()).toEqual({ error: 'Too many requests' });
    expect(await app.manager.getConnectionsByUserId('ada')).toHaveLength(1);
    second.send({ action: 'authenticate', token: 'bob' });
    expect(await second.nextJson()).toEqual({ message: 'Authenticated' });
    await first.close();
    await second.close();
  });

  it('leaves no trace when it goes away while the hook or a listener is at work', async () => {
    const asked = new Inbox<string>();
    const gate = new Gate();
    const { app, connected, disconnected } = await listeningGateway({
      ...late,
      maxConnections: 1,
      authenticate: async (request) => {
        if (request.body === undefined) return null;
        asked.push(request.connectionId);
        await gate.opened;
        return { userId: 'ada' };
      },
    });
    const client = await app.connect();
    client.send({ action: 'authenticate' });
    await asked.next();
    await client.close();
    while ((await handshakeStatus(app)) === 503);
    gate.open();
    await new Promise(setImmediate);
    await app.manager.getAllConnections();
    expect(await app.manager.getConnectionsByUserId('ada')).toEqual([]);
    expect([connected.all, disconnected.all]).toEqual([[], []]);
  });

  it('is connected once when it authenticates itself several times at once', async () => {
    const { app, connected } = await listeningGateway(late);
    const client = await app.connect();
    for (const token of ['ada', 'bob', 'eve']) client.send({ action: 'authenticate', token });
    const answers = [await client.nextJson(), await client.nextJson(), await client.nextJson()];
    expect(answers.filter((answer) => (answer as { message?: string }).message === 'Authenticated')).toHaveLength(1);
    expect(connected.all).toHaveLength(1);
    const [connectionId = ''] = await app.manager.getAllConnections();
    const user = connected.all[0]!.connection.userId;
    expect(await app.manager.getConnection(connectionId)).toMatchObject({ userId: user });
    client.send({ action: 'authenticate', token: user });
    expect(await client.nextJson()).toEqual({ message: 'Authenticated' });
    await client.close();
  });

  it('keeps its connection when the same user authenticates itself twice at once, each time for another while', async () => {
    const clock = new ManualClock();
    const opening = new Inbox<unknown>();
    const gate = new Gate();
    const disconnected = recorder<'websocket.disconnected'>();
    const app = await gatewayApp()
      .gateway({ pingIntervalSeconds: 36_000 })
      .with({ admission: { authenticate: byToken, ...late }, clock })
      .on('websocket.connected', async (event) => {
        opening.push(event);
        await gate.opened;
      })
      .on('websocket.disconnected', disconnected.push)
      .on('websocket.message', () => undefined)
      .start();
    const client = await app.connect();
    client.send({ action: 'authenticate', token: `ada@${clock.now() + MINUTE}` });
    await opening.next();
    client.send({ action: 'authenticate', token: `ada@${clock.now() + MINUTE + 1}` });
    expect(await client.nextJson()).toEqual({ error: 'Another authentication is under way' });
    gate.open();
    expect(await client.nextJson()).toMatchObject({ message: 'Authenticated' });
    const [connectionId = ''] = await app.manager.getConnectionsByUserId('ada');
    expect(await app.manager.sendToUser('ada', 'welcome')).toEqual({ [connectionId]: true });
    expect(disconnected.all).toEqual([]);
    await client.close();
  });

  it('is not overtaken by what it sends before it hears that it is let in', async () => {
    const gate = new Gate();
    const order: string[] = [];
    const opening = new Inbox<unknown>();
    const app = await gatewayApp()
      .with({ admission: { authenticate: byToken, ...late } })
      .on('websocket.connected', async (event) => {
        order.push('connected');
        opening.push(event);
        await gate.opened;
        order.push('done');
      })
      .on('websocket.message', () => void order.push('message'))
      .start();
    const client = await app.connect();
    client.send({ action: 'authenticate', token: 'ada' });
    await opening.next();
    client.send('at once');
    expect(await client.next()).toContain('"Unauthorized"');
    gate.open();
    expect(await client.nextJson()).toEqual({ message: 'Authenticated' });
    expect(order).toEqual(['connected', 'done']);
    await client.close();
  });

  it('is closed when a listener of connected fails', async () => {
    const app = await gatewayApp()
      .with({ admission: { authenticate: byToken, authenticateWithinMs: 10_000, maxConnections: 1 } })
      .on('websocket.connected', () => {
        throw new Error('Not today');
      })
      .start();
    const client = await app.connect();
    client.send({ action: 'authenticate', token: 'ada' });
    expect(await client.closed).toMatchObject({ code: 1011 });
    expect(await app.manager.getAllConnections()).toEqual([]);
    while ((await handshakeStatus(app)) === 503);
  });

  it('works on API Gateway too, with or without a route of its own', async () => {
    const clock = new ManualClock();
    const { manager, get } = await startApplication({
      options: { admission: { authenticate: byToken, ...late }, clock },
      providers: [EventRecorder],
    });
    for (const [route, token] of [
      ['authenticate', 'ada'],
      ['$default', 'bob'],
    ] as const) {
      const connectionId = newConnectionId();
      expect((await manager.handle(connect({ connectionId }))).statusCode).toBe(200);
      expect((await manager.handle(message(connectionId, 'early'))).statusCode).toBe(401);
      expect(await manager.connectionExists(connectionId)).toBe(false);
      const answer = await manager.handle(message(connectionId, { action: 'authenticate', token }, route));
      expect(answer).toEqual({ statusCode: 200, body: '{"message":"Authenticated"}' });
      expect((await manager.handle(message(connectionId, 'now'))).statusCode).toBe(200);
      expect(await manager.getConnection(connectionId)).toMatchObject({ userId: token });
    }
    expect(get(EventRecorder).messages).toHaveLength(2);
  });
});

async function handshakeStatus(app: GatewayApp): Promise<number> {
  const client = GatewayClient.start(app.url);
  const status = await Promise.race([client.opened().then(() => 101), client.refused()]);
  if (status === 101) await client.close();
  return status;
}

describe('an authentication that expires', () => {
  it('is over after a grace of 25 seconds, in which the connection still works', async () => {
    const { app, clock, disconnected, messages } = await listeningGateway({});
    const client = await app.connect({}, `?token=ada@${clock.now() + MINUTE}`);
    await clock.advance(MINUTE + 24_999);
    client.send('still here');
    await messages.next();
    await clock.advance(1);
    expect(await client.closed).toEqual({ code: 4401, reason: 'Authentication expired' });
    expect(await disconnected.next()).toMatchObject({ cause: 'server', code: 4401 });
    expect(await app.manager.getAllConnections()).toEqual([]);
  });

  it('is made longer by a message of the same user, and of no other', async () => {
    const { app, clock, connected } = await listeningGateway({ refreshGraceMs: 0 });
    const client = await app.connect({}, `?token=ada@${clock.now() + MINUTE}`);
    const refresh = async (token: string): Promise<unknown> => {
      client.send({ action: 'authenticate', token });
      return client.nextJson();
    };
    await clock.advance(MINUTE / 2);
    expect(await refresh('bob')).toEqual({ error: 'Forbidden' });
    expect(await refresh(`ada@${clock.now() - 1}`)).toEqual({ error: 'Unauthorized' });
    const expiresAt = clock.now() + MINUTE;
    expect(await refresh(`ada@${expiresAt}`)).toEqual({ message: 'Authenticated', expiresAt });
    await clock.advance(MINUTE - 1);
    expect(client.socket.readyState).toBe(client.socket.OPEN);
    await clock.advance(1);
    expect((await client.closed).code).toBe(4401);
    expect(connected.all).toHaveLength(1);
  });

  it('leaves no timer behind when the connection ends before it', async () => {
    const { app, clock, disconnected } = await listeningGateway({});
    const before = clock.pending;
    const clients = await Promise.all(
      Array.from({ length: 20 }, (_, index) => app.connect({}, `?token=user${index}@${clock.now() + MINUTE}`)),
    );
    expect(clock.pending).toBeGreaterThanOrEqual(before + 20);
    await Promise.all(clients.map((client) => client.close()));
    await disconnected.until(20);
    await clock.advance(10_000);
    expect(clock.pending).toBeLessThanOrEqual(before);
  });

  it('of ten years is no timer of a moment', async () => {
    const { app, clock } = await listeningGateway({});
    const client = await app.connect({}, `?token=ada@${clock.now() + 3_650 * 86_400_000}`);
    client.send({ action: 'authenticate', token: 'ada' });
    expect(await client.nextJson()).toEqual({ message: 'Authenticated' });
    await client.close();
  });
});

describeWithRedis('an authentication on the embedded gateway while the store fails', () => {
  it('closes a connection of which the store lost the beginning meanwhile', async () => {
    const redis = await RedisServer.start();
    try {
      const opening = new Inbox<unknown>();
      const gate = new Gate();
      const app = await gatewayApp()
        .gateway({ pingIntervalSeconds: 36_000 })
        .with({ redis: { url: redis.url }, admission: { authenticate: byToken, authenticateWithinMs: 10_000 } })
        .on('websocket.connected', async (event) => {
          opening.push(event);
          await gate.opened;
        })
        .start();
      const client = await app.connect();
      client.send({ action: 'authenticate', token: 'ada' });
      await opening.next();
      await redis.kill();
      await redis.restart();
      gate.open();
      expect(await client.closed).toMatchObject({ code: 1011 });
    } finally {
      await closeGatewayApps();
      await redis.kill();
    }
  }, 30_000);
});

describe('connections that did not authenticate themselves in time', () => {
  it('are closed by cleanup() however many before them cannot be, which are left for the next time', async () => {
    const clock = new ManualClock();
    const stuck = new Set(Array.from({ length: 350 }, newConnectionId));
    const server = await ManagementApiServer.start(({ connectionId }) => (stuck.has(connectionId) ? 500 : 200));
    const options = {
      apiGatewayEndpoint: server.endpoint(),
      credentials: testCredentials,
      admission: { authenticate: byToken, authenticateWithinMs: 10_000 },
      clock,
      goneGracePeriodMs: 0,
    };
    const { manager } = await startApplication({ options });
    for (const connectionId of stuck) await manager.handle(connect({ connectionId }));
    await clock.advance(1);
    for (let index = 0; index < 120; index++) await manager.handle(connect());
    await clock.advance(10_000);
    expect(await manager.cleanup()).toBe(120);
    expect(new Set(server.requests.all.map(({ connectionId }) => connectionId)).size).toBe(470);
    server.answerWith(() => 200);
    expect(await manager.cleanup()).toBe(350);
    expect(await manager.cleanup()).toBe(0);
  });
});

describeWithRedis('an authentication on Lambda', () => {
  it('is known to every instance, and ended by the next message or by cleanup(), where nothing runs timers', async () => {
    const redis = await RedisServer.start();
    try {
      const server = await ManagementApiServer.start();
      const clock = new ManualClock(Date.now());
      const options = {
        redis: { url: redis.url },
        apiGatewayEndpoint: server.endpoint(),
        credentials: { accessKeyId: 'AKID', secretAccessKey: 'key' },
        admission: { authenticate: byToken, authenticateWithinMs: 10_000 },
        clock,
        goneGracePeriodMs: 0,
      };
      const [one, other] = [
        await startApplication({ options, providers: [EventRecorder] }),
        await startApplication({ options, providers: [EventRecorder] }),
      ];
      const expiring = { token: `ada@${clock.now() + MINUTE}` };
      const ids = [newConnectionId(), newConnectionId(), newConnectionId()] as const;
      for (const connectionId of ids.slice(0, 2))
        await one.manager.handle({ ...connect({ connectionId }), queryStringParameters: expiring });
      await one.manager.handle(connect({ connectionId: ids[2] }));
      expect((await other.manager.handle(message(ids[0], 'hi'))).statusCode).toBe(200);
      expect(authorizerOf(other.get(EventRecorder).messages[0]!)).toMatchObject({ userId: 'ada', role: 'guest' });
      expect((await other.manager.handle(message(ids[2], 'hi'))).statusCode).toBe(401);

      await clock.advance(10_000);
      expect(await other.manager.cleanup()).toBe(1);
      await clock.advance(MINUTE);
      expect((await other.manager.handle(message(ids[0], 'hi'))).statusCode).toBe(200);
      await clock.advance(MINUTE);
      expect((await other.manager.handle(message(ids[0], 'hi'))).statusCode).toBe(401);
      expect(await one.manager.cleanup()).toBe(1);
      expect(await one.manager.cleanup()).toBe(0);
      expect(await one.manager.getAllConnections()).toEqual([]);
      const ended = [...other.get(EventRecorder).disconnected, ...one.get(EventRecorder).disconnected];
      expect(ended.map(({ connectionId, cause }) => [connectionId, cause])).toEqual([
        [ids[0], 'server'],
        [ids[1], 'server'],
      ]);
      const closed = server.requests.all.filter(({ method }) => method === 'DELETE').map(({ url }) => url);
      expect(closed).toHaveLength(3);
    } finally {
      await stopApplications();
      await redis.kill();
    }
  }, 30_000);
});
