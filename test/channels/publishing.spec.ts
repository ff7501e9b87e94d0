import { Injectable } from '@nestjs/common';
import { afterEach, describe, expect, it } from '@jest/globals';
import { InvalidNameError, InvalidPayloadError, OnChannelMessage, PayloadTooLargeError } from '../../src/index.js';
import type { ChannelMessageEvent, ChannelPublishRequest } from '../../src/index.js';
import { eventually } from '../support/cluster.js';
import { closeGatewayApps, recorder } from '../support/gateway-app.js';
import { channelApp, named } from './channel.app.js';
import { Person } from './channel.person.js';
import { HookedStore } from './hooked.store.js';

afterEach(closeGatewayApps);

const publish = (channel: string, data: unknown = 'hi') => ({ action: 'publish', channel, data });

function messages(person: Person): unknown[] {
  return person.got.filter(({ type }) => type === 'message').map(({ data }) => data);
}

describe('a client that publishes', () => {
  it('has to be subscribed, whether or not there is such a channel', async () => {
    const app = await channelApp({ room: { publish: true }, 'private-room': named }).start();
    const ada = await Person.connect(app, 'ada');
    for (const channel of ['room', 'private-room', 'nowhere'])
      expect(await ada.ask({ ...publish(channel), id: 'x' })).toEqual({
        type: 'error',
        id: 'x',
        action: 'publish',
        channel,
        code: 'not-subscribed',
        message: 'Subscribe to the channel first.',
        retry: false,
      });
  });

  it('needs a rule that lets it, and is asked for with every message', async () => {
    const asked: ChannelPublishRequest[] = [];
    let isIn = true;
    const app = await channelApp({
      silent: {},
      room: {
        authorize: () => isIn,
        publish: (request) => {
          asked.push(request);
          return request.message !== 'bad';
        },
      },
    }).start();
    const ada = await Person.connect(app, 'ada');
    await ada.subscribe('silent');
    await ada.subscribe('room');
    expect(await ada.ask(publish('silent'))).toMatchObject({ code: 'forbidden' });
    expect(await ada.ask({ ...publish('room', 'good'), event: 'said' })).toMatchObject({ type: 'published' });
    expect(await ada.ask(publish('room', 'bad'))).toMatchObject({ code: 'forbidden' });
    isIn = false;
    expect(await ada.ask(publish('room', 'good'))).toMatchObject({ code: 'forbidden' });
    expect(asked).toMatchObject([
      { channel: 'room', event: 'said', message: 'good', userId: 'ada', connection: { channels: ['silent', 'room'] } },
      { message: 'bad' },
    ]);
    expect(asked[0]!.data).toBeUndefined();
    await ada.settledNews();
    expect(messages(ada)).toEqual(['good']);
  });

  it('cannot publish where only the server joined it', async () => {
    const app = await channelApp({ room: {} }).start();
    const ada = await Person.connect(app);
    const [connectionId] = await app.manager.getAllConnections();
    await app.manager.joinChannel(connectionId!, 'internal');
    expect(await ada.ask(publish('internal'))).toMatchObject({ code: 'forbidden' });
    expect(await ada.ask({ action: 'event', event: 'e', channel: 'internal' })).toMatchObject({ code: 'forbidden' });
  });

  it('is answered only when it fails, where it gave no id', async () => {
    const app = await channelApp({ room: { publish: true } }).start();
    const ada = await Person.connect(app);
    await ada.subscribe('room');
    ada.send(publish('room'));
    ada.send(publish('elsewhere'));
    expect(await ada.untilType('error')).toMatchObject({
      action: 'publish',
      channel: 'elsewhere',
      code: 'not-subscribed',
    });
    await ada.settledNews();
    expect(ada.got.filter(({ type }) => type === 'published')).toEqual([]);
    expect(messages(ada)).toEqual(['hi']);
  });

  it('is named in a channel with presence, and in no other', async () => {
    const app = await channelApp({ 'presence-room': named, room: { publish: true } }).start();
    const ada = await Person.connect(app, 'ada');
    for (const channel of ['presence-room', 'room']) {
      await ada.subscribe(channel);
      await ada.ask({ ...publish(channel), from: 'somebody else' });
    }
    await ada.settledNews();
    expect(ada.got.filter(({ type }) => type === 'message')).toEqual([
      expect.objectContaining({ channel: 'presence-room', from: 'ada' }),
      expect.not.objectContaining({ from: expect.anything() }),
    ]);
  });

  it('is heard by listeners of the channel after everybody has the message, and their failures are nobody else’s', async () => {
    const heard: ChannelMessageEvent[] = [];
    @Injectable()
    class Orders {
      @OnChannelMessage('orders.{orderId}')
      hear(event: ChannelMessageEvent): void {
        heard.push(event);
        throw new Error('a failure of the test');
      }
    }
    const told = recorder<'websocket.channel.message'>();
    const builder = channelApp({ 'orders.{orderId}': { publish: true, persistent: true } });
    const app = await builder
      .importing({ module: class OrdersModule {}, providers: [Orders] })
      .on('websocket.channel.message', told.push)
      .start();
    const ada = await Person.connect(app, 'ada');
    await ada.subscribe('orders.7');
    const published = await ada.ask({ ...publish('orders.7', { status: 'new' }), event: 'made' });
    expect(published).toMatchObject({ type: 'published' });
    await told.until(1);
    const expected = {
      connectionId: expect.any(String),
      userId: 'ada',
      channel: 'orders.7',
      params: { orderId: '7' },
      event: 'made',
      data: { status: 'new' },
      messageId: published['messageId'],
      timestamp: expect.any(Number),
      offset: 1,
      epoch: published['epoch'],
      eventData: expect.objectContaining({ requestContext: expect.anything() }),
    };
    expect(told.all).toEqual([expected]);
    expect(heard).toEqual([expected]);
    await eventually(() => app.logged.length > 0);
    expect(app.logged).toEqual([expect.stringMatching(/^\[listener\.failed connectionId=/)]);
  });

  it('cannot publish what cannot be sent, and nothing of it is kept', async () => {
    const hooks = new HookedStore();
    const rules = { kept: { publish: true, persistent: true }, room: { publish: true } };
    const app = await channelApp(rules, { store: hooks.store, maxPayloadBytes: 4_000 }).start();
    const ada = await Person.connect(app);
    for (const channel of ['kept', 'room']) {
      await ada.subscribe(channel);
      expect(await ada.ask({ ...publish(channel, 'x'.repeat(3_990)), id: 'big' })).toMatchObject({
        code: 'too-large',
        retry: false,
      });
    }
    expect(hooks.calls.filter((name) => name.endsWith('append'))).toEqual([]);
    // The id is free again.
    expect(await ada.ask({ ...publish('room', 'small'), id: 'big' })).toMatchObject({ type: 'published' });
  });

  it('leaves nothing behind that cannot be recovered: the largest message that is taken fits into every reply', async () => {
    const app = await channelApp({ '{name}': { publish: true, persistent: true } }, { maxPayloadBytes: 6_000 }).start();
    const ada = await Person.connect(app);
    const channel = '"'.repeat(200);
    const id = '\\'.repeat(64);
    await ada.subscribe(channel);
    let largest = 5_900;
    for (let step = 4_096; step >= 1; step = Math.floor(step / 2)) {
      const answer = await ada.ask(publish(channel, 'x'.repeat(Math.max(1, largest - step))));
      if (answer['type'] === 'error') largest -= step;
      if (largest < 0) throw new Error('Nothing fits.');
    }
    expect(await ada.subscribe(channel, { id, history: 5 })).toMatchObject({ type: 'subscribed' });
  });
});

describe('publishing while a member leaves', () => {
  it('is over before, or refused', async () => {
    const hooks = new HookedStore();
    const app = await channelApp({ room: { publish: true } }, { store: hooks.store }).start();
    const ada = await Person.connect(app);
    await ada.subscribe('room');
    const { reached, released } = hooks.hold('findMany');
    const publishing = ada.ask(publish('room'));
    await reached.opened;
    expect(await ada.ask({ action: 'unsubscribe', channel: 'room' })).toMatchObject({ type: 'unsubscribed' });
    released.open();
    expect(await publishing).toMatchObject({ code: 'not-subscribed' });
  });
});

describe('the application that publishes', () => {
  it('may do so anywhere, leave connections out, and gets the number of the message', async () => {
    const app = await channelApp({ room: { persistent: true } }).start();
    const people = [await Person.connect(app), await Person.connect(app)];
    for (const person of people) await person.subscribe('room');
    const except = (await app.manager.getAllConnections()).slice(0, 1);
    const { manager } = app;
    const published = await manager.publish(
      'room',
      { a: 1 },
      { event: 'made', from: 'server', except, messageId: 'mine' },
    );
    expect(published).toEqual({
      messageId: 'mine',
      timestamp: expect.any(Number),
      epoch: expect.any(String),
      offset: 1,
      delivery: { delivered: 1, gone: 0, throttled: 0, failed: 0 },
    });
    await Promise.all(people.map((person) => person.settledNews()));
    expect(people.flatMap(messages)).toEqual([{ a: 1 }]);
    expect(await manager.publish('undeclared', 1)).toMatchObject({ delivery: { delivered: 0 } });
  });

  it('is told what it cannot publish', async () => {
    const app = await channelApp({ room: {} }, { maxPayloadBytes: 200 }).start();
    const { manager } = app;
    await expect(manager.publish('', 1)).rejects.toBeInstanceOf(InvalidNameError);
    await expect(manager.publish('room', undefined)).rejects.toBeInstanceOf(InvalidPayloadError);
    await expect(manager.publish('room', 1n)).rejects.toBeInstanceOf(InvalidPayloadError);
    await expect(manager.publish('room', 'x'.repeat(200))).rejects.toBeInstanceOf(PayloadTooLargeError);
  });
});
