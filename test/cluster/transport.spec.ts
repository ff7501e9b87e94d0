import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { DeliveryAttempt, OutgoingMessage } from '../../src/contracts/connection.transport.js';
import { StoreUnavailableError } from '../../src/errors/store-unavailable.error.js';
import { Log } from '../../src/logging/log.js';
import { decodeMessage, encodeReply, type NodeRequest } from '../../src/transports/cluster/bus.message.js';
import { ClusterTransport } from '../../src/transports/cluster/cluster.transport.js';
import { NodeMailbox, type MailboxOwner } from '../../src/transports/cluster/node.mailbox.js';
import { ManualClock } from '../support/manual.clock.js';
import { MemoryBus } from '../support/memory.bus.js';

const ANSWER_TIMEOUT_MS = 2_000;
const DELIVERED: DeliveryAttempt = { status: 'delivered' };

/** A node that does what the test says, and remembers what it was asked. */
class FakeNode implements MailboxOwner {
  readonly asked: NodeRequest[] = [];
  answer: (request: NodeRequest) => DeliveryAttempt[] | Promise<DeliveryAttempt[]> = ({ ids }) =>
    ids.map(() => DELIVERED);

  serve(request: NodeRequest): DeliveryAttempt[] | Promise<DeliveryAttempt[]> {
    this.asked.push(request);
    return this.answer(request);
  }

  joined(): void {}
  left(): void {}
  resumed(): void {}
}

describe('the transport to other nodes', () => {
  let clock: ManualClock;
  let bus: MemoryBus;
  let transport: ClusterTransport;
  let nodes: Record<'a' | 'b', FakeNode>;
  let mailboxes: NodeMailbox[];

  beforeEach(async () => {
    clock = new ManualClock();
    bus = new MemoryBus();
    const mailbox = new NodeMailbox(() => bus, 'own', clock, new Log());
    transport = new ClusterTransport(mailbox, () => 'local:own', {
      clock,
      answerTimeoutMs: ANSWER_TIMEOUT_MS,
      requestTimeoutMs: 10_000,
    });
    nodes = { a: new FakeNode(), b: new FakeNode() };
    mailboxes = [mailbox];
    for (const [name, node] of Object.entries(nodes)) {
      const of = new NodeMailbox(() => bus, name, clock, new Log());
      await of.openFor(node);
      mailboxes.push(of);
    }
  });

  afterEach(async () => {
    await Promise.all(mailboxes.map((mailbox) => mailbox.close()));
    expect(clock.pending).toBe(0);
  });

  const messageOf = (text: string, signal?: AbortSignal): OutgoingMessage => ({
    payload: Buffer.from(text),
    ...(signal !== undefined && { signal }),
  });

  const deliver = (node: string, connectionId: string, message: OutgoingMessage, timeoutMs = 10_000) =>
    transport.deliver({ connectionId, endpoint: `local:${node}` }, message, { attempt: 1, timeoutMs });

  it('serves the endpoints of other nodes, and no others', () => {
    const serves = ['local:a', 'local:own', 'local:alone:a', 'https://a.example', 'local:'].filter((endpoint) =>
      transport.serves(endpoint),
    );
    expect(serves).toEqual(['local:a']);
    const alone = new ClusterTransport(new NodeMailbox(() => null, 'own', clock, new Log()), () => 'local:own', {
      clock,
      answerTimeoutMs: 1,
      requestTimeoutMs: 1,
    });
    expect(alone.serves('local:a')).toBe(false);
  });

  it('gathers what a message is for until no more follow, and gives each connection its own outcome', async () => {
    nodes.a.answer = () => [
      DELIVERED,
      { status: 'gone', reason: 'gone' },
      { status: 'throttled', reason: 'slow-consumer' },
    ];
    const message = messageOf('hello');
    const outcomes = ['1', '2', '3'].map((id) => deliver('a', id, message));
    const other = deliver('b', '4', message);
    await clock.advance(1);
    expect(bus.posted).toEqual([]);
    transport.flush(message);
    expect(await Promise.all(outcomes)).toEqual([
      { status: 'delivered' },
      { status: 'gone', reason: 'gone' },
      { status: 'throttled', reason: 'slow-consumer' },
    ]);
    expect(await other).toEqual({ status: 'delivered' });
    expect(bus.posted.map(({ nodeId }) => nodeId)).toEqual(['a', 'b']);
    expect(nodes.a.asked).toEqual([{ type: 'send', ids: ['1', '2', '3'], payload: Buffer.from('hello') }]);
  });

  it('sends soon when nobody says that no more follow, and at once when a message is full', async () => {
    const message = messageOf('hello');
    const first = deliver('a', '0', message);
    await clock.advance(100);
    expect(await first).toEqual({ status: 'delivered' });
    const many = Array.from({ length: 2_049 }, (_, index) => deliver('a', String(index), message));
    await Promise.all(many.slice(0, 2_048));
    expect(bus.posted).toHaveLength(2);
    transport.flush(message);
    await Promise.all(many);
    expect(bus.posted).toHaveLength(3);
  });

  it('says of a node that gives no answer in time that it is silent, and does not try again', async () => {
    nodes.a.answer = () => new Promise(() => undefined);
    const message = messageOf('hello');
    const outcome = deliver('a', '1', message);
    transport.flush(message);
    // The time runs from when the message is under way.
    await clock.advance(0);
    await clock.advance(ANSWER_TIMEOUT_MS - 1);
    expect(await Promise.race([outcome, Promise.resolve('nothing yet')])).toBe('nothing yet');
    await clock.advance(1);
    expect(await outcome).toEqual({ status: 'failed', reason: 'node-silent' });
    expect(bus.posted).toHaveLength(1);
  });

  it('waits no longer than the message may take', async () => {
    nodes.a.answer = () => new Promise(() => undefined);
    const message = messageOf('hello');
    const outcome = deliver('a', '1', message, 300);
    transport.flush(message);
    await clock.advance(300);
    expect(await outcome).toEqual({ status: 'failed', reason: 'TimeoutError' });
  });

  it('says of a node without a lease that it is gone', async () => {
    bus.posting = () => 'no-lease';
    const message = messageOf('hello');
    const outcome = deliver('a', '1', message);
    transport.flush(message);
    expect(await outcome).toEqual({ status: 'failed', reason: 'node-gone' });
    expect(await transport.ask({ connectionId: '1', endpoint: 'local:a' })).toBeNull();
  });

  it('tries again while certainly nobody has heard it', async () => {
    let tries = 0;
    bus.posting = () => (++tries < 4 ? 'unheard' : 'sent');
    const message = messageOf('hello');
    const outcome = deliver('a', '1', message);
    transport.flush(message);
    await clock.advance(0);
    await clock.advance(500);
    expect(await outcome).toEqual({ status: 'delivered' });
    expect(nodes.a.asked).toHaveLength(1);
    bus.posting = () => 'unheard';
    const unheard = deliver('a', '1', message);
    transport.flush(message);
    await clock.advance(0);
    await clock.advance(ANSWER_TIMEOUT_MS + 200);
    expect(await unheard).toEqual({ status: 'failed', reason: 'node-away' });
  });

  it('waits once for a node that does not listen, not for each message again, and anew when it was heard', async () => {
    const send = (text: string): Promise<DeliveryAttempt> => {
      const message = messageOf(text);
      const outcome = deliver('a', '1', message);
      transport.flush(message);
      return outcome;
    };
    bus.posting = () => 'unheard';
    const first = send('first');
    await clock.advance(0);
    await clock.advance(ANSWER_TIMEOUT_MS);
    expect(await first).toEqual({ status: 'failed', reason: 'node-away' });
    expect(await send('second')).toEqual({ status: 'failed', reason: 'node-away' });
    bus.posting = () => 'sent';
    expect(await send('third')).toEqual({ status: 'delivered' });
    expect(nodes.a.asked).toHaveLength(1);
    let tries = 0;
    bus.posting = () => (++tries < 4 ? 'unheard' : 'sent');
    const fourth = send('fourth');
    await clock.advance(0);
    await clock.advance(500);
    expect(await fourth).toEqual({ status: 'delivered' });
  });

  it('fails at once when the bus does', async () => {
    bus.posting = () => Promise.reject(new StoreUnavailableError('send to a node'));
    const message = messageOf('hello');
    const outcome = deliver('a', '1', message);
    transport.flush(message);
    expect(await outcome).toEqual({ status: 'failed', reason: 'bus-unavailable' });
    expect(await transport.close({ connectionId: '1', endpoint: 'local:a' }, {})).toEqual({
      status: 'failed',
      reason: 'bus-unavailable',
    });
  });

  it('takes no more than so many bytes while others are on their way', async () => {
    nodes.a.answer = () => new Promise(() => undefined);
    bus.posting = () => new Promise(() => undefined);
    const payload = Buffer.alloc(1_048_576);
    const outcomes = Array.from({ length: 65 }, (_, index) => {
      const message = { payload };
      const outcome = deliver('a', String(index), message);
      transport.flush(message);
      return outcome;
    });
    expect(await outcomes[64]).toEqual({ status: 'throttled', reason: 'bus-full', mayRetry: true });
    await transport.shutdown();
    expect(await outcomes[0]).toEqual({ status: 'failed', reason: 'aborted' });
  });

  it('gives up what is under way when the signal says so, and publishes nothing after that', async () => {
    nodes.a.answer = () => new Promise(() => undefined);
    const controller = new AbortController();
    const message = messageOf('hello', controller.signal);
    const underWay = deliver('a', '1', message);
    transport.flush(message);
    await clock.advance(1);
    const gathered = deliver('a', '2', message);
    controller.abort();
    transport.flush(message);
    expect(await underWay).toEqual({ status: 'failed', reason: 'aborted' });
    expect(await gathered).toEqual({ status: 'failed', reason: 'aborted' });
    expect(bus.posted).toHaveLength(1);
  });

  it('believes no answer but that of the node which was asked, for as many as it was asked about', async () => {
    nodes.a.answer = () => new Promise(() => undefined);
    const message = messageOf('hello');
    const outcomes = ['1', '2', '3'].map((id) => deliver('a', id, message));
    transport.flush(message);
    await clock.advance(1);
    const request = decodeMessage(bus.posted[0]!.message);
    const id = typeof request === 'object' ? request.id : '';
    const own = bus.listeners.get('own')!;
    own.message(encodeReply(id, 'b', [DELIVERED, DELIVERED, DELIVERED]));
    own.message(encodeReply(id, 'a', [DELIVERED, { status: 'failed', reason: 'x' }]));
    own.message(encodeReply('another-1', 'a', [DELIVERED]));
    await clock.advance(ANSWER_TIMEOUT_MS);
    expect(await Promise.all(outcomes)).toEqual(outcomes.map(() => ({ status: 'failed', reason: 'node-silent' })));
  });

  it('closes and asks by the node', async () => {
    nodes.a.answer = ({ type }) => [type === 'close' ? DELIVERED : { status: 'gone', reason: 'gone' }];
    const target = { connectionId: '1', endpoint: 'local:a' };
    expect(await transport.close(target, { code: 4000, reason: 'bye' })).toEqual({ status: 'delivered' });
    expect(await transport.ask(target)).toBe(false);
    expect(transport.isAlive()).toBeNull();
    expect(nodes.a.asked).toEqual([
      { type: 'close', ids: ['1'], code: 4000, reason: 'bye' },
      { type: 'ask', ids: ['1'] },
    ]);
  });
});
