import { afterEach, describe, expect, it } from '@jest/globals';
import { CacheConnectionStore } from '../../src/index.js';
import { createCache } from 'cache-manager';
import { startApplication, stopApplications, type RunningApplication } from '../support/application.js';
import { SHORT_LEASE } from '../support/cluster.js';
import { connect, message, newConnectionId } from '../support/events.js';
import { closeGatewayApps, gatewayApp, type GatewayApp } from '../support/gateway-app.js';
import { testCredentials } from '../support/management-api-client.js';
import { ManagementApiServer, stopManagementApis } from '../support/management-api-server.js';
import { ManualClock } from '../support/manual.clock.js';
import { describeWithRedis, RedisServer } from '../support/redis.server.js';
import { channelApp } from './channel.app.js';
import { Person, type Got } from './channel.person.js';

afterEach(async () => {
  await closeGatewayApps();
  await stopApplications();
  await stopManagementApis();
});

/** Answers every question with what `answer` makes of its data. */
function answering(person: Person, answer: (data: unknown) => unknown): Person {
  person.client.socket.on('message', (frame: Buffer) => {
    const { type, id, data } = JSON.parse(frame.toString()) as Got;
    if (type === 'request') person.send({ action: 'reply', id, data: answer(data) });
  });
  return person;
}

async function inRoom(app: GatewayApp, user: string): Promise<Person & { readonly connectionId: string }> {
  const person = await Person.connect(app, user);
  const { connectionId } = await person.ask({ action: 'hello', protocol: 1 });
  await person.subscribe('room');
  return Object.assign(person, { connectionId: connectionId as string });
}

describe('a question to clients', () => {
  it('brings the answers of all whom it reached', async () => {
    const app = await channelApp({ room: {} }).start();
    const [ada, bob] = [await inRoom(app, 'ada'), await inRoom(app, 'bob')];
    answering(ada, (data) => ({ ada: data }));
    answering(bob, () => null);
    expect(await app.manager.to('room').sendWithAck({ ready: 'now?' })).toEqual({
      responses: { [ada.connectionId]: { ada: { ready: 'now?' } }, [bob.connectionId]: null },
      missing: [],
      delivery: expect.objectContaining({ delivered: 2, failed: 0 }),
    });
  });

  it('says who gave no answer when its time is up, and keeps the answers of the others', async () => {
    const clock = new ManualClock();
    const app = await channelApp({ room: {} }, { clock }).start();
    const [ada, bob] = [await inRoom(app, 'ada'), await inRoom(app, 'bob')];
    answering(ada, () => 'yes');
    const asking = app.manager.to('room').timeout(2_000).sendWithAck('ready?');
    await bob.untilType('request');
    await ada.ask({ action: 'ping' });
    await clock.advance(2_000);
    expect(await asking).toMatchObject({ responses: { [ada.connectionId]: 'yes' }, missing: [bob.connectionId] });
  });

  it('resolves at once where there is nobody to ask', async () => {
    const app = await channelApp({ room: {} }, { clock: new ManualClock() }).start();
    expect(await app.manager.to('room').sendWithAck('?')).toMatchObject({ responses: {}, missing: [] });
  });

  it('counts those as missing whom it did not reach', async () => {
    const api = await ManagementApiServer.start(() => 403);
    const { manager } = await startApplication({
      options: { apiGatewayEndpoint: api.endpoint(), credentials: testCredentials, channels: true },
    });
    const connectionId = newConnectionId();
    await manager.handle(connect({ connectionId, userId: 'ada' }));
    expect(await manager.toUser('ada').sendWithAck('?')).toMatchObject({
      responses: {},
      missing: [connectionId],
      delivery: { delivered: 0, failed: 1 },
    });
  });

  it('takes the first answer of a client only, and none to a question that is over or was never asked', async () => {
    const app = await channelApp({ room: {} }).start();
    const [ada, bob] = [await inRoom(app, 'ada'), await inRoom(app, 'bob')];
    const asking = app.manager.to('room').sendWithAck('?');
    const { id } = await ada.untilType('request');
    ada.send({ action: 'reply', id, data: 1 });
    const again = await ada.ask({ action: 'reply', id: id, data: 2 });
    expect(again).toMatchObject({ type: 'error', code: 'duplicate', retry: false });
    bob.send({ action: 'reply', id, data: 3 });
    expect(await asking).toMatchObject({ responses: { [ada.connectionId]: 1, [bob.connectionId]: 3 } });
    for (const question of [id as string, 'never-asked-0123456789']) {
      expect(await bob.ask({ action: 'reply', id: question, data: 4 })).toMatchObject({ code: 'unknown-request' });
    }
  });

  it('ends when its signal says so', async () => {
    const app = await channelApp({ room: {} }).start();
    const ada = await inRoom(app, 'ada');
    const end = new AbortController();
    const asking = app.manager.to('room').sendWithAck('?', { signal: end.signal });
    await ada.untilType('request');
    end.abort();
    expect(await asking).toMatchObject({ responses: {}, missing: [ada.connectionId] });
  });

  it('refuses an answer that is too large, and waits for another', async () => {
    const app = await channelApp({ room: {} }).start();
    const ada = await inRoom(app, 'ada');
    const asking = app.manager.to('room').sendWithAck('?');
    const { id } = await ada.untilType('request');
    const refused = await ada.ask({ action: 'reply', id: id, data: 'x'.repeat(40_000) });
    expect(refused).toMatchObject({ type: 'error', code: 'too-large' });
    ada.send({ action: 'reply', id, data: 'x' });
    expect(await asking).toMatchObject({ responses: { [ada.connectionId]: 'x' } });
  });

  it('cannot be asked where the protocol is off', async () => {
    const app = await gatewayApp().start();
    await expect(app.manager.to('room').sendWithAck('?')).rejects.toThrow('need the option "channels"');
  });

  it('is answered on Lambda whichever instance the answer reaches', async () => {
    const api = await ManagementApiServer.start();
    const store = new CacheConnectionStore(createCache());
    const instance = (): Promise<RunningApplication> =>
      startApplication({
        options: { apiGatewayEndpoint: api.endpoint(), credentials: testCredentials, store, channels: true },
      });
    const [asker, other] = [await instance(), await instance()];
    const connectionId = newConnectionId();
    await asker.manager.handle(connect({ connectionId, userId: 'ada' }));
    const asking = asker.manager.toUser('ada').sendWithAck('?');
    const { body } = await api.requests.next();
    const { id } = JSON.parse(body.toString()) as Got;
    await other.manager.handle(message(connectionId, { action: 'reply', id, data: 'here' }));
    expect(await asking).toMatchObject({ responses: { [connectionId]: 'here' }, missing: [] });
    await other.manager.handle(message(connectionId, { action: 'reply', id, data: 'late' }));
    expect(api.inboxes[connectionId]).toContainEqual(expect.objectContaining({ code: 'unknown-request' }));
  });
});

describeWithRedis('a question on nodes that share a Redis', () => {
  it('is answered by the clients of all of them, and says whom a node that is gone leaves unanswered', async () => {
    const redis = await RedisServer.start();
    const start = (): Promise<GatewayApp> =>
      channelApp({ room: {} }, { redis: { url: redis.url } })
        .gateway({ cluster: SHORT_LEASE })
        .start();
    const [here, there] = [await start(), await start()];
    const [ada, bob, eve] = [await inRoom(here, 'ada'), await inRoom(there, 'bob'), await inRoom(there, 'eve')];
    answering(ada, () => 'ada');
    answering(bob, () => 'bob');
    const { responses, missing } = await here.manager.to('room').timeout(1_500).sendWithAck('?');
    expect(responses).toEqual({ [ada.connectionId]: 'ada', [bob.connectionId]: 'bob' });
    expect(missing).toEqual([eve.connectionId]);
    for (const { client } of [ada, bob, eve]) client.socket.terminate();
    await closeGatewayApps();
    await redis.kill();
  });
});
