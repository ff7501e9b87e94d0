import { afterEach, describe, expect, it } from '@jest/globals';
import type { ReadyEvent } from '../../src/index.js';
import { closeGatewayApps, recorder } from '../support/gateway-app.js';
import { Inbox } from '../support/gateway-inbox.js';
import { ManualClock } from '../support/manual.clock.js';
import { channelApp } from './channel.app.js';
import { Person } from './channel.person.js';

afterEach(closeGatewayApps);

const hello = { action: 'hello', protocol: 1 };

describe('hello', () => {
  it('is answered with what a client has to know of the gateway', async () => {
    const app = await channelApp({}, { maxBodyBytes: 50_000 }).start();
    const ada = await Person.connect(app);
    const [connectionId] = await app.manager.getAllConnections();
    expect(await ada.ask({ ...hello, id: 'h' })).toEqual({
      type: 'welcome',
      id: 'h',
      protocol: 1,
      connectionId,
      pingSeconds: 25,
      maxMessageBytes: 50_000,
    });
  });

  it('tells how long the connection lasts, where it does not last for ever', async () => {
    const clock = new ManualClock();
    const app = await channelApp({}, { clock })
      .gateway({ limits: 'api-gateway', maxConnectionSeconds: 600, idleTimeoutSeconds: 100 })
      .start();
    const ada = await Person.connect(app);
    await clock.advance(90_000);
    expect(await ada.ask(hello)).toMatchObject({ pingSeconds: 40, lifetimeSeconds: 510, maxMessageBytes: 32_768 });
  });

  it('fires websocket.ready each time, whose answer welcomes the client', async () => {
    const ready = new Inbox<ReadyEvent>();
    const app = await channelApp({ lobby: {} })
      .on('websocket.ready', (event: unknown) => {
        ready.push(event as ReadyEvent);
        return { you: (event as ReadyEvent).connection.userId };
      })
      .start();
    const ada = await Person.connect(app, 'ada');
    await ada.subscribe('lobby');
    expect(await ada.ask(hello)).toMatchObject({ type: 'welcome', data: { you: 'ada' } });
    expect(await ada.ask(hello)).toMatchObject({ type: 'welcome', data: { you: 'ada' } });
    expect(ready.all).toHaveLength(2);
    expect(ready.all[0]).toMatchObject({
      connection: { userId: 'ada', channels: ['lobby'], routeKey: '$connect' },
      eventData: { requestContext: { eventType: 'MESSAGE' } },
    });
  });

  it('in a version that is not spoken is refused', async () => {
    const app = await channelApp({}).start();
    const ada = await Person.connect(app);
    expect(await ada.ask({ action: 'hello', protocol: 2 })).toMatchObject({
      code: 'unsupported-protocol',
      action: 'hello',
      retry: false,
    });
  });
});

describe('a request to the application', () => {
  it('fires its event with the data, and is answered with what the listener returns', async () => {
    const heard = recorder<'websocket.rooms'>();
    const app = await channelApp({})
      .on('websocket.rooms', (event) => {
        heard.push(event);
        return ['room.1'];
      })
      .on('websocket.nothing', () => undefined)
      .start();
    const ada = await Person.connect(app);
    expect(await ada.ask({ action: 'event', id: 'e', event: 'rooms', data: { page: 1 } })).toEqual({
      type: 'reply',
      id: 'e',
      data: ['room.1'],
    });
    expect(heard.all).toMatchObject([{ message: { page: 1 }, eventData: { body: expect.stringContaining('rooms') } }]);
    expect(await ada.ask({ action: 'event', id: 'n', event: 'nothing' })).toEqual({ type: 'reply', id: 'n' });
    ada.send({ action: 'event', event: 'rooms' });
    await heard.until(2);
    expect(heard.all[1]!.message).toBeNull();
    expect(await ada.settledNews()).toEqual([]);
  });

  it('is refused where nobody listens, and where a client must not raise the event', async () => {
    const app = await channelApp({})
      .on('websocket.connected', () => undefined)
      .on('websocket.presence.joined', () => undefined)
      .start();
    const ada = await Person.connect(app);
    for (const event of [
      'nobody',
      'connected',
      'disconnected',
      'ready',
      'channel.message',
      'presence.joined',
      'delivery.completed',
      '*',
      '$connect',
    ])
      expect([event, await ada.ask({ action: 'event', event })]).toEqual([
        event,
        expect.objectContaining({ code: 'unknown-event' }),
      ]);
  });

  it('is told that the application failed, and no more than that', async () => {
    const app = await channelApp({})
      .on('websocket.broken', () => {
        throw new Error('a secret of the test');
      })
      .on('websocket.odd', () => 1n)
      .start();
    const ada = await Person.connect(app);
    expect(await ada.ask({ action: 'event', id: 'b', event: 'broken' })).toEqual({
      type: 'error',
      id: 'b',
      action: 'event',
      code: 'internal',
      message: 'The application failed.',
      retry: true,
    });
    expect(await ada.ask({ action: 'event', event: 'odd' })).toMatchObject({ code: 'internal' });
    expect(app.logged).toHaveLength(2);
    // What failed may succeed another time, under the same id.
    expect(await ada.ask({ action: 'event', id: 'b', event: 'broken' })).toMatchObject({ code: 'internal' });
  });

  it('is done once for an id', async () => {
    const heard = recorder<'websocket.pay'>();
    const app = await channelApp({}).on('websocket.pay', heard.push).start();
    const ada = await Person.connect(app, 'ada');
    expect(await ada.ask({ action: 'event', id: '1', event: 'pay' })).toMatchObject({ type: 'reply' });
    const again = await ada.ask({ action: 'event', id: '1', event: 'pay' });
    expect(again).toMatchObject({ code: 'duplicate' });
    expect(again).not.toHaveProperty('messageId');
    expect(heard.all).toHaveLength(1);
  });
});

describe('requests of one connection', () => {
  it('are refused when there are too many, and those of others are not', async () => {
    const clock = new ManualClock();
    const app = await channelApp({}, { clock, channels: { requestsPerSecond: 5 } }).start();
    const [ada, bob] = [await Person.connect(app), await Person.connect(app)];
    const answers = await Promise.all(Array.from({ length: 12 }, () => ada.ask({ action: 'ping' })));
    expect(answers.filter(({ type }) => type === 'pong')).toHaveLength(10);
    expect(answers.filter(({ code }) => code === 'rate-limited')).toHaveLength(2);
    // Whatever is wrong with them.
    expect(await ada.ask({ action: 'subscribe' })).toMatchObject({ code: 'rate-limited' });
    expect(await bob.ask({ action: 'ping' })).toMatchObject({ type: 'pong' });
  });

  it('that are malformed are answered with what was expected', async () => {
    const app = await channelApp({}).start();
    const ada = await Person.connect(app);
    expect(await ada.ask({ action: 'subscribe', id: 's', channel: ['private'] })).toEqual({
      type: 'error',
      id: 's',
      action: 'subscribe',
      code: 'bad-request',
      message: 'Expected "channel" to be a string of 1 to 200 characters.',
      retry: false,
    });
    ada.send({ action: 'ping', id: { not: 'one' } });
    expect(await ada.until(({ code, id }) => code === 'bad-request' && id === undefined)).toMatchObject({
      action: 'ping',
    });
  });

  it('are answered with the time, to a ping', async () => {
    const clock = new ManualClock();
    const app = await channelApp({}, { clock }).start();
    const ada = await Person.connect(app);
    expect(await ada.ask({ action: 'ping', id: 'p' })).toEqual({ type: 'pong', id: 'p', timestamp: clock.now() });
  });
});

describe('questions of the application', () => {
  it('are answered by the clients', async () => {
    const app = await channelApp({ room: {} }).start();
    const ada = await Person.connect(app);
    await ada.subscribe('room');
    const asking = app.manager.to('room').timeout(5_000).sendWithAck({ question: 'Ready?' });
    const { id } = await ada.untilType('request');
    ada.send({ action: 'reply', id, data: { answer: 'Yes' } });
    const { responses, missing } = await asking;
    expect(Object.values(responses)).toEqual([{ answer: 'Yes' }]);
    expect(missing).toEqual([]);
    expect(await ada.ask({ action: 'reply', id: 'another', data: 1 })).toMatchObject({ code: 'unknown-request' });
  });
});
