import { describe, expect, it } from '@jest/globals';
import { createCache } from 'cache-manager';
import { QuestionService } from '../../src/channels/question.service.js';
import type { ConnectionLifecycle } from '../../src/connections/connection.lifecycle.js';
import { ConnectionMirror } from '../../src/connections/connection.mirror.js';
import type { DeliveryAttempt, DeliveryTarget } from '../../src/contracts/connection.transport.js';
import type { LocalRecipients } from '../../src/contracts/local.recipients.js';
import { FanOutEngine } from '../../src/fanout/fan-out.engine.js';
import { MessageSender } from '../../src/fanout/message.sender.js';
import { TransportRouter } from '../../src/fanout/transport.router.js';
import { CacheConnectionStore, StoreUnavailableError, WebSocketSelection } from '../../src/index.js';
import { DeliveringTransport } from '../support/delivering.transport.js';
import { ManualClock } from '../support/manual.clock.js';

const HERE = 'local:here';

/** The sockets of this process. */
class Sockets extends DeliveringTransport {
  readonly reached: string[] = [];

  constructor() {
    super(HERE);
  }

  deliver({ connectionId }: DeliveryTarget): DeliveryAttempt {
    this.reached.push(connectionId);
    return { status: 'delivered' };
  }
}

/** A store that stops answering after so many pages of recipients. */
class FailingStore extends CacheConnectionStore {
  isDown = false;

  override async findMany(ids: readonly string[]) {
    if (this.isDown) throw new StoreUnavailableError('find connections');
    return super.findMany(ids);
  }

  override async connectionsOfUser(userId: string) {
    if (this.isDown) throw new StoreUnavailableError('find a user');
    return super.connectionsOfUser(userId);
  }

  override async *recipients(channel: string | null) {
    yield* super.recipients(channel);
    if (this.isDown) throw new StoreUnavailableError('list recipients');
  }
}

async function start(holds: readonly string[] = ['a', 'b', 'c']) {
  const clock = new ManualClock();
  const store = new FailingStore(createCache(), { clock });
  const mirror = new ConnectionMirror((endpoint) => endpoint === HERE, clock);
  const sockets = new Sockets();
  const lifecycle = { isOpening: () => false } as Partial<ConnectionLifecycle> as ConnectionLifecycle;
  const settings = { clock, deliveryTimeoutMs: 1_000, fanout: { progressEveryMs: 1_000 } };
  const local = (): ConnectionMirror | null => (mirror.size > 0 ? mirror : null);
  const engine = new FanOutEngine(store, lifecycle, new TransportRouter([sockets], null), { ...settings, local });
  for (const connectionId of holds) {
    const connection = { connectionId, connectedAt: 0, userId: `user-${connectionId}`, routeKey: '$connect' };
    mirror.opening({ ...connection, channels: [], endpoint: HERE });
    mirror.joined(connectionId, 'news');
  }
  const sender = new MessageSender(engine, 1_000);
  store.isDown = true;
  const questions = new QuestionService(store, sender, { clock, answerTimeoutMs: 1_000, isOn: () => false });
  return { sender, store, sockets, selection: new WebSocketSelection(store, sender, questions) };
}

describe('a node whose store is away', () => {
  it('reaches its own sockets by channel, user and all, without the exceptions, and says that the report is partial', async () => {
    const { selection, sockets } = await start();
    const everyone = { delivered: 3, gone: 0, throttled: 0, failed: 0, partial: true };
    expect(await selection.send('x')).toEqual(everyone);
    expect(await selection.to('news', 'none').toUser('user-a').send('x')).toEqual(everyone);
    expect(await selection.toUser('user-b').send('x')).toEqual({ ...everyone, delivered: 1 });
    expect(await selection.to('news').except('a', 'b').send('x')).toEqual({ ...everyone, delivered: 1 });
    expect(sockets.reached.join('')).toBe('abcabcbc');
  });

  it('reaches nobody twice whom the store had named before it failed', async () => {
    const { sender, store, sockets } = await start();
    store.isDown = false;
    await store.add({
      connectionId: 'a',
      connectedAt: 0,
      userId: null,
      routeKey: '$connect',
      channels: [],
      endpoint: HERE,
    });
    store.isDown = true;
    const to = { recipients: store.recipients(null), locally: (local: LocalRecipients) => local.recipients(null) };
    expect(await sender.report(to, 'x')).toMatchObject({ delivered: 3, partial: true });
    expect(sockets.reached).toEqual(['a', 'b', 'c']);
  });

  it('reaches those of named connections that are its own, and tells the others as not looked up', async () => {
    const { sender } = await start();
    expect(await sender.report({ recipients: [['a', 'elsewhere']] }, 'x', { outcomes: true })).toEqual({
      delivered: 1,
      gone: 0,
      throttled: 0,
      failed: 1,
      partial: true,
      outcomes: { a: { status: 'delivered' }, elsewhere: { status: 'failed', reason: 'store-unavailable' } },
    });
    expect(await sender.report({ recipients: [['a', 'b']] }, 'x')).toEqual({
      delivered: 2,
      gone: 0,
      throttled: 0,
      failed: 0,
    });
  });

  it('rejects where the answer is a map that could not say what is missing, after its own sockets were reached', async () => {
    const { sender, sockets, store } = await start();
    const all = { recipients: store.recipients(null), locally: (local: LocalRecipients) => local.recipients(null) };
    await expect(sender.send(all, 'x')).rejects.toThrow(StoreUnavailableError);
    await expect(sender.send({ recipients: [['a', 'elsewhere']] }, 'x')).rejects.toThrow(StoreUnavailableError);
    expect(sockets.reached.join('')).toBe('abca');
    expect(await sender.send({ recipients: [['a']] }, 'x')).toEqual({ a: true });
  });

  it('rejects like any other process when it holds no sockets', async () => {
    const { selection, sender } = await start([]);
    await expect(selection.send('x')).rejects.toThrow(StoreUnavailableError);
    await expect(sender.report({ recipients: [['a']] }, 'x')).rejects.toThrow(StoreUnavailableError);
  });
});
