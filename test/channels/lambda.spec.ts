import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { OnEvent } from '@nestjs/event-emitter';
import { Injectable } from '@nestjs/common';
import type { WebSocketModuleOptions } from '../../src/index.js';
import fc from 'fast-check';
import { startApplication, stopApplications, type RunningApplication } from '../support/application.js';
import { connect, disconnect, message, newConnectionId } from '../support/events.js';
import { ManagementApiServer, stopManagementApis } from '../support/management-api-server.js';
import { ManualClock } from '../support/manual.clock.js';
import { named } from './channel.app.js';
import type { Got } from './channel.person.js';
import { HookedStore } from './hooked.store.js';

const TAKEN = { statusCode: 200, body: '' };
const ROOM = 'presence-room';

let api: ManagementApiServer;
let hooks: HookedStore;

beforeEach(async () => {
  api = await ManagementApiServer.start();
  hooks = new HookedStore();
});

afterEach(async () => {
  await stopApplications();
  await stopManagementApis();
});

@Injectable()
class Rooms {
  @OnEvent('websocket.rooms', { suppressErrors: false })
  list(): string[] {
    return ['room.1'];
  }
}

/** An instance of the Lambda: several share a store. */
function instance(options: WebSocketModuleOptions = {}): Promise<RunningApplication> {
  const shared = {
    apiGatewayEndpoint: api.endpoint(),
    credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'x' },
    store: hooks.store,
    goneGracePeriodMs: 0,
    channels: { rules: { [ROOM]: named, room: { publish: true, persistent: true } } },
  };
  return startApplication({ options: { ...shared, ...options }, providers: [Rooms] });
}

/** What was posted to a connection. */
function inboxOf(connectionId: string): readonly Got[] {
  return (api.inboxes[connectionId] ?? []) as Got[];
}

async function connected({ manager }: RunningApplication, userId: string): Promise<string> {
  const connectionId = newConnectionId();
  await manager.handle(connect({ connectionId, userId }));
  return connectionId;
}

describe('the protocol on Lambda', () => {
  it('posts every answer before the event is answered, which has nothing to say itself', async () => {
    const app = await instance();
    const [ada, bob] = [await connected(app, 'ada'), await connected(app, 'bob')];
    const as = (connectionId: string, userId: string, body: Got, routeKey?: string) =>
      app.manager.handle(message(connectionId, body, routeKey, { userId }));
    expect(await as(ada, 'ada', { action: 'subscribe', id: '1', channel: 'room' })).toEqual(TAKEN);
    expect(await as(bob, 'bob', { action: 'subscribe', id: '1', channel: 'room' }, 'subscribe')).toEqual(TAKEN);
    expect(await as(ada, 'ada', { action: 'publish', id: '2', channel: 'room', data: 'hi' }, 'publish')).toEqual(TAKEN);
    expect(await as(ada, 'ada', { action: 'event', id: '3', event: 'rooms' })).toEqual(TAKEN);
    expect(await as(ada, 'ada', { action: 'subscribe', id: '4', channel: 'private-x' })).toEqual(TAKEN);
    expect(inboxOf(ada).map(({ type, id }) => [type, id])).toEqual([
      ['subscribed', '1'],
      ['message', expect.any(String)],
      ['published', '2'],
      ['reply', '3'],
      ['error', '4'],
    ]);
    expect(inboxOf(bob)).toMatchObject([{ type: 'subscribed' }, { type: 'message', data: 'hi', offset: 1 }]);
  });

  it('tells of API Gateway’s limits', async () => {
    const clock = new ManualClock();
    const app = await instance({ clock, channels: {}, store: new HookedStore().store });
    const connectionId = newConnectionId();
    const connectedAt = clock.now();
    await app.manager.handle(connect({ connectionId, connectedAt }));
    await clock.advance(600_000);
    await app.manager.handle(message(connectionId, { action: 'hello', protocol: 1 }, 'hello', { connectedAt }));
    expect(inboxOf(connectionId)).toEqual([
      { type: 'welcome', protocol: 1, connectionId, pingSeconds: 240, lifetimeSeconds: 6_600, maxMessageBytes: 32_768 },
    ]);
  });

  it('takes messages by routes of that name and by $default, and leaves other routes alone', async () => {
    const app = await instance();
    const ada = await connected(app, 'ada');
    expect(await app.manager.handle(message(ada, { action: 'ping' }, 'chat'))).toMatchObject({
      body: expect.stringContaining('handled'),
    });
    expect(inboxOf(ada)).toEqual([]);
    expect(await app.manager.handle(message(ada, { action: 'ping' }, 'ping'))).toEqual(TAKEN);
    expect(inboxOf(ada)).toMatchObject([{ type: 'pong' }]);
  });

  it('asks for nothing that the event says already', async () => {
    const app = await instance();
    const ada = await connected(app, 'ada');
    const before = hooks.calls.length;
    await app.manager.handle(message(ada, { action: 'ping' }, '$default', { userId: 'ada' }));
    expect(hooks.calls.slice(before)).toEqual(['ensure']);
  });

  it('asks the same of the store about every channel that is not open, whether or not it is declared', async () => {
    const rules = { 'private-no': {}, 'presence-no': { authorize: () => false } };
    const app = await instance({ channels: { rules } });
    const ada = await connected(app, 'ada');
    const asked: (readonly string[])[] = [];
    for (const channel of ['nothing', 'private-no', 'presence-no', 'presence-nothing']) {
      const before = hooks.calls.length;
      await app.manager.handle(message(ada, { action: 'subscribe', channel }));
      asked.push(hooks.calls.slice(before));
    }
    expect(new Set(asked.map((calls) => calls.join(' ')))).toEqual(new Set(['ensure findMany findMany']));
  });

  it('answers 503 only where the client cannot be told of an outage', async () => {
    const app = await instance();
    const ada = await connected(app, 'ada');
    hooks.fail();
    expect(await app.manager.handle(message(ada, { action: 'subscribe', id: 'x', channel: 'room' }))).toEqual(TAKEN);
    expect(inboxOf(ada)).toMatchObject([{ type: 'error', id: 'x', code: 'unavailable', retry: true }]);
    api.answerWith(() => 500);
    const slow = await instance({ deliveryTimeoutMs: 100 });
    expect(await slow.manager.handle(message(ada, { action: 'subscribe', channel: 'room' }))).toMatchObject({
      statusCode: 503,
    });
  });

  it('registers a forgotten connection again and says so first', async () => {
    const app = await instance();
    const connectionId = newConnectionId();
    await app.manager.handle(message(connectionId, { action: 'ping', id: 'p' }, '$default', { userId: 'ada' }));
    expect(inboxOf(connectionId)).toMatchObject([{ type: 'restored' }, { type: 'pong', id: 'p' }]);
    await app.manager.handle(message(connectionId, { action: 'ping', id: 'q' }));
    expect(inboxOf(connectionId)).toHaveLength(3);
  });

  it('calls nothing recovered of which a part did not arrive, and tries again when asked to', async () => {
    const app = await instance({ maxPayloadBytes: 4_000 });
    const ada = await connected(app, 'ada');
    for (let count = 1; count <= 3; count++) await app.manager.publish('room', `${count} ${'x'.repeat(1_500)}`);
    const subscribe = (more: Got) =>
      app.manager.handle(message(ada, { action: 'subscribe', id: 's', channel: 'room', ...more }));
    let isRefused = false;
    api.answerWith(({ body }) => (!isRefused && (isRefused = body.includes('"type":"part"')) ? 413 : 200));
    expect(await subscribe({ history: 3 })).toEqual(TAKEN);
    expect(inboxOf(ada).slice(1)).toMatchObject([{ type: 'error', id: 's', code: 'unavailable', retry: true }]);
    expect((await app.manager.getStats()).channels).toEqual({});
    await subscribe({ history: 3 });
    expect(inboxOf(ada).at(-1)).toMatchObject({ type: 'subscribed', epoch: expect.any(String), offset: 3 });
    const { epoch } = inboxOf(ada).at(-1)!;
    isRefused = false;
    await subscribe({ recover: { epoch, offset: 0 } });
    expect(inboxOf(ada).at(-1)).toMatchObject({ type: 'error', code: 'unavailable' });
    expect((await app.manager.getStats()).channels).toEqual({ room: 1 });
  });

  it('counts a request once, whichever instance it comes to', async () => {
    const [one, two] = [await instance(), await instance()];
    const ada = await connected(one, 'ada');
    await one.manager.handle(message(ada, { action: 'subscribe', channel: 'room' }, '$default', { userId: 'ada' }));
    const publish = message(ada, { action: 'publish', id: '1', channel: 'room', data: 'hi' }, '$default', {
      userId: 'ada',
    });
    await Promise.all([one.manager.handle(publish), two.manager.handle(publish)]);
    expect(
      inboxOf(ada)
        .map(({ type, code }) => code ?? type)
        .toSorted(),
    ).toEqual(['duplicate', 'message', 'published', 'subscribed']);
  });
});

describe('presence on Lambda', () => {
  const as = (app: RunningApplication, connectionId: string, userId: string, action: string) =>
    app.manager.handle(message(connectionId, { action, channel: ROOM }, '$default', { userId }));

  it('is what all instances make it', async () => {
    const [one, two] = [await instance(), await instance()];
    const [ada, ada2, bob] = [await connected(one, 'ada'), await connected(two, 'ada'), await connected(one, 'bob')];
    await as(one, bob, 'bob', 'subscribe');
    await Promise.all([as(one, ada, 'ada', 'subscribe'), as(two, ada2, 'ada', 'subscribe')]);
    await Promise.all([two.manager.handle(disconnect(ada)), one.manager.handle(disconnect(ada2))]);
    expect(inboxOf(bob).map(({ type }) => type)).toEqual(['subscribed', 'joining', 'leaving']);
    expect(await two.manager.getPresence(ROOM)).toEqual([{ id: 'bob', info: { name: 'BOB' } }]);
  });

  it('ends with a connection that API Gateway calls gone, and with one that is swept', async () => {
    const app = await instance({ staleAfterSeconds: 3_600 });
    const [bob, gone] = [await connected(app, 'bob'), await connected(app, 'gone')];
    const stale = newConnectionId();
    await app.manager.handle(connect({ connectionId: stale, userId: 'stale', connectedAt: Date.now() - 3_700_000 }));
    for (const [connectionId, userId] of [
      [bob, 'bob'],
      [gone, 'gone'],
      [stale, 'stale'],
    ] as const)
      await as(app, connectionId, userId, 'subscribe');
    api.answerWith(({ connectionId }) => (connectionId === gone ? 410 : 200));
    await app.manager.publish(ROOM, 'anybody?');
    expect(inboxOf(bob).at(-1)).toEqual({ type: 'leaving', channel: ROOM, member: { id: 'gone' } });
    expect(await app.manager.cleanup()).toBe(1);
    expect(inboxOf(bob).at(-1)).toEqual({ type: 'leaving', channel: ROOM, member: { id: 'stale' } });
    expect((await app.manager.getPresence(ROOM)).map(({ id }) => id)).toEqual(['bob']);
  });

  it('shows who subscribed again in one instance while another still takes them out', async () => {
    const [one, two] = [await instance(), await instance()];
    const ada = await connected(one, 'ada');
    await as(one, ada, 'ada', 'subscribe');
    const { reached, released } = hooks.hold('presence.exit');
    const leaving = as(one, ada, 'ada', 'unsubscribe');
    await reached.opened;
    await as(two, ada, 'ada', 'subscribe');
    released.open();
    await leaving;
    expect((await one.manager.getPresence(ROOM)).map(({ id }) => id)).toEqual(['ada']);
  });

  it('still shows what the rule said of a member whom the application joins as well', async () => {
    const app = await instance();
    const [ada, ada2] = [await connected(app, 'ada'), await connected(app, 'ada')];
    await as(app, ada, 'ada', 'subscribe');
    for (const connectionId of [ada, ada2]) {
      expect(await app.manager.joinChannel(connectionId, ROOM)).toBe(true);
      expect(await app.manager.getPresence(ROOM)).toEqual([{ id: 'ada', info: { name: 'ADA' } }]);
    }
  });

  it('is right after any history of coming and going in several instances at once', async () => {
    const options = { channels: { requestsPerSecond: 10_000, rules: { [ROOM]: { ...named, joinLeave: false } } } };
    const instances = [await instance(options), await instance(options), await instance(options)];
    const step = fc.record({
      instance: fc.nat(2),
      person: fc.nat(5),
      what: fc.constantFrom('subscribe', 'subscribe', 'unsubscribe', 'end'),
      isAwaited: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 60 }), async (steps) => {
        // Two connections for each of three users.
        const ids = await Promise.all([0, 1, 2, 3, 4, 5].map((index) => connected(instances[0]!, `u${index % 3}`)));
        const running: Promise<unknown>[] = [];
        for (const { instance: at, person, what, isAwaited } of steps) {
          const app = instances[at]!;
          const doing =
            what === 'end'
              ? app.manager.handle(disconnect(ids[person]!))
              : as(app, ids[person]!, `u${person % 3}`, what);
          running.push(doing);
          if (isAwaited) await doing;
        }
        await Promise.all(running);
        const inside = (await hooks.store.findMany(ids)).filter((found) => found?.channels.includes(ROOM));
        const users = [...new Set(inside.map((found) => found!.userId))].toSorted();
        expect((await instances[1]!.manager.getPresence(ROOM)).map(({ id }) => id).toSorted()).toEqual(users);
        await Promise.all(ids.map((connectionId) => instances[2]!.manager.handle(disconnect(connectionId))));
        expect(await instances[1]!.manager.countPresence(ROOM)).toBe(0);
      }),
      { numRuns: 40 },
    );
  });

  it('lets nobody in who ended in one instance while another let them in', async () => {
    const [one, two] = [await instance(), await instance()];
    const ada = await connected(one, 'ada');
    const { reached, released } = hooks.hold('presence.enter');
    const subscribing = as(one, ada, 'ada', 'subscribe');
    await reached.opened;
    await two.manager.handle(disconnect(ada));
    released.open();
    await subscribing;
    expect(await one.manager.getPresence(ROOM)).toEqual([]);
    expect(await hooks.store.findMany([ada])).toEqual([null]);
  });
});
