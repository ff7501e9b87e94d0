import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { createCache } from 'cache-manager';
import { CacheConnectionStore, StoreUnavailableError } from '../../src/index.js';
import { eventually } from '../support/cluster.js';
import { closeGatewayApps } from '../support/gateway-app.js';
import { Gate } from '../support/gateway-inbox.js';
import { channelApp } from './channel.app.js';
import { Person } from './channel.person.js';
import { HookedStore } from './hooked.store.js';

afterEach(closeGatewayApps);

const publish = (channel: string, data: unknown = 'hi') => ({ action: 'publish', channel, data });

function messages(person: Person): unknown[] {
  return person.got.filter(({ type }) => type === 'message').map(({ data }) => data);
}

describe('a request that comes twice', () => {
  const rules = { room: { publish: true, persistent: true } };

  it('of one user is refused, on whichever connection, with the message that the first became', async () => {
    const app = await channelApp(rules).start();
    const [first, second] = [await Person.connect(app, 'ada'), await Person.connect(app, 'ada')];
    for (const person of [first, second]) await person.subscribe('room');
    const { messageId } = await first.ask({ ...publish('room'), id: '1' });
    expect(await second.ask({ ...publish('room'), id: '1' })).toEqual({
      type: 'error',
      id: '1',
      action: 'publish',
      channel: 'room',
      code: 'duplicate',
      message: 'This id was used before.',
      retry: false,
      messageId,
    });
    await first.settledNews();
    expect(messages(first)).toEqual(['hi']);
  });

  it('is done once when both come at the same time', async () => {
    const app = await channelApp(rules).start();
    const [first, second] = [await Person.connect(app, 'ada'), await Person.connect(app, 'ada')];
    for (const person of [first, second]) await person.subscribe('room');
    const answers = await Promise.all([first, second].map((person) => person.ask({ ...publish('room'), id: '1' })));
    expect(answers.map(({ type }) => type).toSorted()).toEqual(['error', 'published']);
    await first.settledNews();
    expect(messages(first)).toEqual(['hi']);
  });

  it('of other users, or of other anonymous connections, is another; but one that nobody could guess is the same', async () => {
    const app = await channelApp(rules).start();
    const people = [
      await Person.connect(app, 'a'),
      await Person.connect(app, 'a:1'),
      await Person.connect(app),
      await Person.connect(app),
    ];
    for (const person of people) await person.subscribe('room');
    // "a" with the id "1:x" is not "a:1" with the id "x".
    expect(await people[0]!.ask({ ...publish('room'), id: '1:x' })).toMatchObject({ type: 'published' });
    expect(await people[1]!.ask({ ...publish('room'), id: 'x' })).toMatchObject({ type: 'published' });
    for (const person of people.slice(2))
      expect(await person.ask({ ...publish('room'), id: 'x' })).toMatchObject({ type: 'published' });
    const id = crypto.randomUUID();
    expect(await people[2]!.ask({ ...publish('room'), id })).toMatchObject({ type: 'published' });
    expect(await people[3]!.ask({ ...publish('room'), id })).toMatchObject({ code: 'duplicate' });
    expect(await people[0]!.ask({ ...publish('room'), id })).toMatchObject({ type: 'published' });
  });

  it('may come again when the first failed, and is done then', async () => {
    const hooks = new HookedStore();
    const app = await channelApp(rules, { store: hooks.store }).start();
    const ada = await Person.connect(app, 'ada');
    await ada.subscribe('room');
    hooks.fail('history.append');
    expect(await ada.ask({ ...publish('room'), id: '1' })).toMatchObject({ code: 'unavailable', retry: true });
    hooks.mend();
    expect(await ada.ask({ ...publish('room'), id: '1' })).toMatchObject({ type: 'published', offset: 1 });
    await ada.settledNews();
    expect(messages(ada)).toEqual(['hi']);
  });

  it('while the first is under way is done in its place should that fail, rather than taken for done', async () => {
    const store = new CacheConnectionStore(createCache());
    const hooks = new HookedStore(store);
    const app = await channelApp(rules, { store: hooks.store }).start();
    const [first, second] = [await Person.connect(app, 'ada'), await Person.connect(app, 'ada')];
    for (const person of [first, second]) await person.subscribe('room');
    const [reached, released] = [new Gate(), new Gate()];
    jest.spyOn(store.history(), 'append').mockImplementationOnce(async () => {
      reached.open();
      await released.opened;
      throw new StoreUnavailableError('append a message');
    });
    first.send({ ...publish('room'), id: '1' });
    await reached.opened;
    const read = hooks.calls.length;
    const answer = second.ask({ ...publish('room'), id: '1' });
    await eventually(() => hooks.calls.slice(read).includes('findMany'));
    await second.ask({ action: 'ping' });
    released.open();
    expect(await answer).toMatchObject({ type: 'published', offset: 1 });
    await second.settledNews();
    expect(messages(second)).toEqual(['hi']);
  });

  it('is done already where the message is kept and only its sending failed', async () => {
    const hooks = new HookedStore();
    const app = await channelApp(rules, { store: hooks.store }).start();
    const ada = await Person.connect(app, 'ada');
    await ada.subscribe('room');
    hooks.fail('recipients');
    expect(await ada.ask({ ...publish('room'), id: '1' })).toMatchObject({ type: 'published', offset: 1 });
    hooks.mend();
    expect(await ada.ask({ ...publish('room'), id: '1' })).toMatchObject({ code: 'duplicate' });
    expect(await ada.subscribe('room')).toMatchObject({
      offset: 1,
      messages: [expect.objectContaining({ data: 'hi' })],
    });
  });
});
