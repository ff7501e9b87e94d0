import { afterEach, describe, expect, it } from '@jest/globals';
import type { MessageEvent } from '../../src/index.js';
import { closeGatewayApps, gatewayApp, recorder } from '../support/gateway-app.js';
import { channelApp } from './channel.app.js';
import { Person } from './channel.person.js';
import { HookedStore } from './hooked.store.js';

afterEach(closeGatewayApps);

const hello = { action: 'hello', protocol: 1 };

describe('the store that forgets a connection', () => {
  it.each([
    ['a request', hello],
    ['a message of the application', { action: 'chat' }],
  ])('is found out by %s, and the client is told', async (_, message) => {
    const heard = recorder<'websocket.message'>();
    let store = new HookedStore().store;
    // Each of them forgets what the one before knew.
    const current = new Proxy(store, { get: (_target, key) => Reflect.get(store, key) as unknown });
    const app = await channelApp({ room: {} }, { store: current }).on('websocket.message', heard.push).start();
    const ada = await Person.connect(app, 'ada');
    await ada.subscribe('room');
    store = new HookedStore().store;
    ada.send(message);
    expect(await ada.untilType('restored')).toEqual({ type: 'restored' });
  });
});

describe('an outage of the store', () => {
  it('is told to the clients, who have their sockets', async () => {
    const hooks = new HookedStore();
    const app = await channelApp({ room: { publish: true } }, { store: hooks.store }).start();
    const ada = await Person.connect(app, 'ada');
    await ada.subscribe('room');
    hooks.fail();
    const requests = [
      hello,
      { action: 'subscribe', channel: 'room' },
      { action: 'unsubscribe', channel: 'room' },
      { action: 'publish', channel: 'room', data: 1 },
      { action: 'event', event: 'any' },
      { action: 'event', event: 'any', channel: 'room' },
      { action: 'reply', id: 'x' },
      { action: 'ping' },
    ];
    for (const request of requests)
      expect([request, await ada.ask(request)]).toEqual([
        request,
        expect.objectContaining({ code: 'unavailable', action: request.action, retry: true }),
      ]);
    hooks.mend();
    expect(await ada.ask({ action: 'publish', channel: 'room', data: 1 })).toMatchObject({ type: 'published' });
    expect(app.logged.filter((line) => line.startsWith('[store.unavailable'))).toHaveLength(1);
  });
});

describe('messages that are not the protocol’s', () => {
  it('fire their events as ever', async () => {
    const [chats, others] = [recorder<'websocket.chat'>(), recorder<'websocket.message'>()];
    const app = await channelApp({}).on('websocket.chat', chats.push).on('websocket.message', others.push).start();
    const ada = await Person.connect(app);
    const messages = [
      { action: 'chat', channel: 'x' },
      { action: 'publishing' },
      { type: 'publish' },
      ['ping'],
      'ping',
    ];
    for (const message of messages) ada.client.send(JSON.stringify(message));
    await others.until(4);
    expect(chats.all.map(({ message }) => message)).toEqual(messages.slice(0, 1));
    expect(others.all.map(({ message }: MessageEvent) => message)).toEqual(messages.slice(1));
    expect(await ada.settledNews()).toEqual([]);
  });

  it('are all of them where the protocol is off, and nothing is looked at', async () => {
    const others = recorder<'websocket.message'>();
    const hooks = new HookedStore();
    const app = await gatewayApp().with({ store: hooks.store }).on('websocket.message', others.push).start();
    const ada = await Person.connect(app);
    const before = hooks.calls.length;
    for (const action of ['hello', 'subscribe', 'ping']) ada.send({ action, protocol: 1, channel: 'room', id: 'x' });
    await others.until(3);
    expect(others.all.map(({ message }) => (message as { action: string }).action)).toEqual([
      'hello',
      'subscribe',
      'ping',
    ]);
    expect(hooks.calls.slice(before)).toEqual(['ensure', 'ensure', 'ensure']);
    expect(ada.got).toEqual([]);
  });
});

describe('the routes of the embedded gateway', () => {
  it.each([
    ['by routes of their own', ['chat'], []],
    ['by $default, which has a route response', ['$default'], ['$default']],
    ['by routes that have route responses', ['ping'], ['ping']],
  ])('take requests %s, and nothing but the answer is sent', async (_, routes, routeResponses) => {
    const app = await channelApp({}).gateway({ routes, routeResponses }).start();
    const ada = await Person.connect(app);
    expect(await ada.ask({ action: 'ping' })).toMatchObject({ type: 'pong' });
    expect(await ada.ask({ action: 'ping' })).toMatchObject({ type: 'pong' });
    expect(ada.got).toHaveLength(2);
  });
});
