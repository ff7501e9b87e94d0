import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import type { BroadcastLedger, ShardCounts } from '../../src/contracts/broadcast.ledger.js';
import { BroadcastReports } from '../../src/fanout/offload/broadcast.reports.js';
import { HandOver, type HandOverRequest } from '../../src/fanout/offload/hand-over.js';
import { LedgerSource } from '../../src/fanout/offload/ledger.source.js';
import { ShardQueue } from '../../src/fanout/offload/shard.queue.js';
import { ShardWorker, type ShardDelivery } from '../../src/fanout/offload/shard.worker.js';
import { isSqsEvent, type SqsEvent } from '../../src/fanout/offload/sqs.event.js';
import { StoreUnavailableError } from '../../src/index.js';
import { MemoryBroadcastLedger } from '../../src/stores/cache/memory-broadcast.ledger.js';
import { ManualClock } from '../support/manual.clock.js';
import { recordOfBody, SqsServer } from '../support/sqs.server.js';

const KEY_PREFIX = 'websocket:';
const LEASE_MS = 30_000;
const payload = new TextEncoder().encode('{"hello":"wörld"}');

describe('a broadcast through a queue', () => {
  let sqs: SqsServer;
  let clock: ManualClock;
  let ledger: MemoryBroadcastLedger;
  /** How often each connection was sent to. */
  let sent: Map<string, number>;
  let payloads: Set<string>;
  let logged: string[];

  beforeEach(async () => {
    sqs = await SqsServer.start();
    clock = new ManualClock();
    ledger = new MemoryBroadcastLedger(clock);
    sent = new Map();
    payloads = new Set();
    logged = [];
    for (const level of ['warn', 'error'] as const) {
      jest.spyOn(Logger.prototype, level).mockImplementation((...said: unknown[]) => void logged.push(said.join(' ')));
    }
  });

  afterEach(async () => {
    jest.restoreAllMocks();
    await sqs.stop();
  });

  const deliver: ShardDelivery = async (ids, bytes) => {
    payloads.add(Buffer.from(bytes).toString());
    for (const id of ids) sent.set(id, (sent.get(id) ?? 0) + 1);
    return { delivered: ids.length, gone: 0, throttled: 0, failed: 0 };
  };

  const workerWith = (delivery: ShardDelivery = deliver, over: BroadcastLedger = ledger): ShardWorker =>
    new ShardWorker(() => over, delivery, { keyPrefix: KEY_PREFIX, clock, leaseMs: LEASE_MS });

  /** A worker that waits at a gate before it delivers. */
  const slowWorker = () => {
    const gate = new Gate();
    const slow = workerWith(async (...call) => {
      await gate.opened;
      return deliver(...call);
    });
    return { gate, slow };
  };

  const handOver = (settings: { threshold?: number; shardSize?: number } = {}, over: BroadcastLedger = ledger) => {
    const { threshold = 500, shardSize = 100 } = settings;
    const queue = new ShardQueue(() => sqs.client, { queueUrl: sqs.queueUrl, clock, timeoutMs: 10_000 });
    return new HandOver(() => over, queue, { threshold, shardSize, keyPrefix: KEY_PREFIX, clock });
  };

  const offer = async (request: Partial<HandOverRequest> & Pick<HandOverRequest, 'recipients'>, hand = handOver()) => {
    const result = await hand.offer({ payload, ...request });
    if (result.by !== 'workers') throw new Error('It was not handed over.');
    return result;
  };

  /** Works off what is in the queue; messages that fail stay in flight. Resolves how many events there were. */
  const workOff = async (...workers: readonly ShardWorker[]): Promise<number> => {
    let events = 0;
    const run = async (worker: ShardWorker): Promise<void> => {
      for (let event = await sqs.receive(); event !== null; event = await sqs.receive()) {
        events++;
        await sqs.acknowledge(event, await worker.handle(event));
      }
    };
    await Promise.all(workers.map(run));
    return events;
  };

  const bodies = async (): Promise<string[]> => {
    const found: string[] = [];
    for (let event = await sqs.receive(); event !== null; event = await sqs.receive()) {
      found.push(...event.Records.map(({ body }) => body));
    }
    return found;
  };

  it('reaches each of 12,000 connections once, with two workers at once', async () => {
    const { handedOver, refused } = await offer(
      { recipients: pagesOf(ids(12_000)) },
      handOver({ threshold: 5_000, shardSize: 1_000 }),
    );
    expect(handedOver).toMatchObject({ recipients: 12_000, shards: 12 });
    expect(refused).toBe(0);
    await workOff(workerWith(), workerWith());
    expect(sent.size).toBe(12_000);
    expect(new Set(sent.values())).toEqual(new Set([1]));
    expect(payloads).toEqual(new Set(['{"hello":"wörld"}']));
    expect(await ledger.report(handedOver.broadcastId)).toEqual({
      broadcastId: handedOver.broadcastId,
      recipients: 12_000,
      shards: 12,
      shardsDone: 12,
      delivered: 12_000,
      gone: 0,
      throttled: 0,
      failed: 0,
      isComplete: true,
    });
    expect(logged).toEqual([]);
  });

  it('stays with the caller up to the threshold, each recipient once, and nothing is in the queue', async () => {
    const result = await handOver({ threshold: 500 }).offer({
      recipients: [...pagesOf(ids(500)), ids(200)],
      payload,
    });
    if (result.by !== 'caller') throw new Error('It was handed over.');
    expect(result.recipients.flat()).toEqual(ids(500));
    expect(await sqs.receive()).toBeNull();
  });

  it('is handed over with one recipient more than the threshold, and none of them is lost or twice in it', async () => {
    const { handedOver } = await offer({ recipients: [...pagesOf(ids(501)), ids(300)] });
    expect(handedOver).toMatchObject({ recipients: 501, shards: 6 });
    await workOff(workerWith());
    expect([...sent]).toEqual(expect.arrayContaining(ids(501).map((id) => [id, 1])));
    expect(sent.size).toBe(501);
  });

  it('takes recipients as stores know them as well as ids', async () => {
    const recipients = ids(600).map((connectionId) => ({ connectionId, connectedAt: 0, endpoint: null }));
    await offer({ recipients: [recipients] });
    await workOff(workerWith());
    expect(sent.size).toBe(600);
  });

  it('reads no more of the recipients than the queue has taken', async () => {
    let read = 0;
    const inQueue: number[] = [];
    const source = async function* () {
      for (const page of pagesOf(ids(4_000))) {
        yield page;
        read += page.length;
        inQueue.push(read);
      }
    };
    let taken = 0;
    let furthestAhead = 0;
    sqs.client.middlewareStack.add(
      (next) => async (args) => {
        const answer = await next(args);
        const { Entries: entries = [] } = args.input as { Entries?: { MessageBody: string }[] };
        for (const { MessageBody: body } of entries) taken += (JSON.parse(body) as { ids: string[] }).ids.length;
        furthestAhead = Math.max(furthestAhead, read - taken);
        return answer;
      },
      { step: 'initialize', name: 'count' },
    );
    await offer({ recipients: source() }, handOver({ threshold: 500, shardSize: 20 }));
    expect(taken).toBe(4_000);
    // The threshold, ten shards of twenty, and a page.
    expect(furthestAhead).toBeLessThanOrEqual(500 + 200 + 100);
  });

  it('is not sent again when a shard that is worked off is delivered again', async () => {
    await offer({ recipients: pagesOf(ids(600)) });
    const event = (await sqs.receive()) as SqsEvent;
    expect(await workerWith().handle(event)).toEqual({ batchItemFailures: [] });
    expect(await workerWith().handle(event)).toEqual({ batchItemFailures: [] });
    expect(new Set(sent.values())).toEqual(new Set([1]));
  });

  it('is not sent twice when two workers get the same shard at once: the second hands it back', async () => {
    await offer({ recipients: [ids(501)] }, handOver({ shardSize: 1_000 }));
    const event = (await sqs.receive()) as SqsEvent;
    const { gate, slow } = slowWorker();
    const first = slow.handle(event);
    await clock.advance(0);
    const second = await workerWith().handle(event);
    expect(second.batchItemFailures).toEqual([{ itemIdentifier: event.Records[0]?.messageId }]);
    gate.open();
    expect(await first).toEqual({ batchItemFailures: [] });
    expect(new Set(sent.values())).toEqual(new Set([1]));
  });

  it('stays with a worker that is at it for longer than a lease', async () => {
    await offer({ recipients: [ids(501)] }, handOver({ shardSize: 1_000 }));
    const event = (await sqs.receive()) as SqsEvent;
    const { gate, slow } = slowWorker();
    const first = slow.handle(event);
    await clock.advance(0);
    await clock.advance(4 * LEASE_MS);
    expect((await workerWith().handle(event)).batchItemFailures).toHaveLength(1);
    gate.open();
    await first;
    expect(sent.size).toBe(501);
    expect(clock.pending).toBe(0);
  });

  it('is done again when its worker died in the middle, once the lease has run out', async () => {
    const { handedOver } = await offer({ recipients: [ids(501)] }, handOver({ shardSize: 1_000 }));
    const event = (await sqs.receive()) as SqsEvent;
    // A frozen process: neither its timers nor its delivery ever go on.
    const dead = new ShardWorker(
      () => ledger,
      () => new Promise<ShardCounts>(() => undefined),
      { keyPrefix: KEY_PREFIX, clock: new ManualClock(clock.now()), leaseMs: LEASE_MS },
    );
    void dead.handle(event);
    await clock.advance(0);
    await clock.advance(LEASE_MS - 1);
    expect((await workerWith().handle(event)).batchItemFailures).toHaveLength(1);
    await clock.advance(1);
    expect(await workerWith().handle(event)).toEqual({ batchItemFailures: [] });
    expect(sent.size).toBe(501);
    expect(await ledger.report(handedOver.broadcastId)).toMatchObject({ shardsDone: 1, isComplete: true });
  });

  it('is delivered again when the delivery threw, and by the next worker at once', async () => {
    await offer({ recipients: [ids(501)] }, handOver({ shardSize: 1_000 }));
    const event = (await sqs.receive()) as SqsEvent;
    const failing = workerWith(async () => {
      throw new StoreUnavailableError('find connections');
    });
    expect((await failing.handle(event)).batchItemFailures).toHaveLength(1);
    expect(logged.join()).toContain('could not be worked off');
    expect(await workerWith().handle(event)).toEqual({ batchItemFailures: [] });
    expect(sent.size).toBe(501);
  });

  it('is delivered again shard by shard when the store is down, and nobody gets anything meanwhile', async () => {
    await offer({ recipients: pagesOf(ids(600)) });
    const event = (await sqs.receive()) as SqsEvent;
    const down = new FailingLedger(clock, ['claim']);
    const { batchItemFailures } = await workerWith(deliver, down).handle(event);
    expect(batchItemFailures.map(({ itemIdentifier }) => itemIdentifier).sort()).toEqual(
      event.Records.map(({ messageId }) => messageId).sort(),
    );
    expect(sent.size).toBe(0);
  });

  it('is not sent again when only the outcome could not be noted', async () => {
    await offer({ recipients: [ids(501)] }, handOver({ shardSize: 1_000 }));
    const event = (await sqs.receive()) as SqsEvent;
    const handled = workerWith(deliver, new FailingLedger(clock, ['settle'])).handle(event);
    await clock.advance(0);
    await clock.advance(5_000);
    expect(await handled).toEqual({ batchItemFailures: [] });
    expect(logged.join()).toContain('will not become complete');
  });

  it('hands back only those of a batch that failed', async () => {
    await offer({ recipients: pagesOf(ids(600)) });
    const event = (await sqs.receive()) as SqsEvent;
    const worker = workerWith(async (page, bytes) => {
      if (page.includes('c-250')) throw new Error('broken');
      return deliver(page, bytes);
    });
    const { batchItemFailures } = await worker.handle(event);
    expect(batchItemFailures).toHaveLength(1);
    expect(sent.size).toBe(500);
  });

  it('leaves messages of others to the redrive policy, drops what is damaged, and says either once', async () => {
    await offer({ recipients: [ids(501)] }, handOver({ shardSize: 1_000 }));
    const [body = ''] = await bodies();
    const changed = (change: object): string => JSON.stringify({ ...(JSON.parse(body) as object), ...change });
    const records = [
      ['not-json', 'hello'],
      ['array', '[1]'],
      ['null', 'null'],
      ['other-json', '{"order":42}'],
      ['newer', changed({ version: 2 })],
      ['other-prefix', changed({ keyPrefix: 'other:' })],
      ['no-ids', changed({ ids: 'everyone' })],
      ['bad-id', changed({ ids: [''] })],
      ['bad-id-2', changed({ ids: [{}] })],
      ['bad-payload', changed({ payload: 'ä' })],
      ['bad-shard', changed({ shard: -1 })],
      ['bad-broadcast', changed({ broadcastId: 'a:b*' })],
      ['old-version', changed({ version: 0 })],
      ['good', body],
    ].map(([messageId = '', text = '']) => recordOfBody(text, messageId));
    const worker = workerWith();
    const answer = await worker.handle({ Records: records });
    expect(answer.batchItemFailures.map(({ itemIdentifier }) => itemIdentifier)).toEqual([
      'not-json',
      'array',
      'null',
      'other-json',
      'newer',
      'other-prefix',
    ]);
    expect(sent.size).toBe(501);
    expect(logged).toHaveLength(4);
    await worker.handle({ Records: records });
    expect(logged).toHaveLength(4);
    expect(logged.join()).not.toContain('hello');
  });

  it('drops a shard that waited for more than a day', async () => {
    await offer({ recipients: [ids(501)] }, handOver({ shardSize: 1_000 }));
    const event = (await sqs.receive()) as SqsEvent;
    await clock.advance(86_400_000);
    expect(await workerWith().handle(event)).toEqual({ batchItemFailures: [] });
    expect(sent.size).toBe(0);
    expect(logged.join()).toContain('longer than a day');
  });

  it('fits into messages of 256 KiB with a payload of 128 KB and long ids, and arrives as it was', async () => {
    const large = new TextEncoder().encode(JSON.stringify(`\u0001${'日本語🎉"'.repeat(8_700)}`));
    expect(large.byteLength).toBeGreaterThan(130_000);
    expect(large.byteLength).toBeLessThanOrEqual(131_072);
    const longIds = Array.from({ length: 700 }, (_, index) => `${index}-\uFFFE-😀-`.padEnd(128, '字'));
    const { handedOver, refused } = await offer(
      { recipients: [longIds], payload: large },
      handOver({ threshold: 10, shardSize: 1_000 }),
    );
    expect(refused).toBe(0);
    const found: Buffer[] = [];
    const sizes: number[] = [];
    const worker = workerWith(async (page, bytes) => {
      found.push(Buffer.from(bytes));
      return deliver(page, bytes);
    });
    for (let event = await sqs.receive(); event !== null; event = await sqs.receive()) {
      sizes.push(...event.Records.map(({ body }) => Buffer.byteLength(body)));
      await worker.handle(event);
    }
    expect(sizes).toHaveLength(handedOver.shards);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(262_144);
    expect(Math.max(...sizes)).toBeGreaterThan(250_000);
    expect([...sent.keys()].sort()).toEqual([...longIds].sort());
    expect(found.every((bytes) => bytes.equals(Buffer.from(large)))).toBe(true);
  });

  it('tells of a store that fails while the recipients are read, and closes the report over what is in the queue', async () => {
    const source = async function* () {
      yield ids(600);
      throw new StoreUnavailableError('list connections');
    };
    const opened = jest.spyOn(ledger, 'open');
    await expect(handOver().offer({ recipients: source(), payload })).rejects.toBeInstanceOf(StoreUnavailableError);
    await workOff(workerWith());
    const broadcastId = opened.mock.calls[0]?.[0] ?? '';
    expect(await ledger.report(broadcastId)).toMatchObject({ recipients: 600, delivered: 600, isComplete: true });
  });

  it('puts nothing into the queue when the store cannot open the broadcast', async () => {
    const hand = handOver({}, new FailingLedger(clock, ['open']));
    await expect(hand.offer({ recipients: [ids(600)], payload })).rejects.toBeInstanceOf(StoreUnavailableError);
    expect(await sqs.receive()).toBeNull();
  });

  it('ends when its signal is aborted, with a report of what went into the queue', async () => {
    const abort = new AbortController();
    const source = async function* () {
      yield ids(2_000);
      abort.abort();
      yield ids(2_000).map((id) => `late-${id}`);
    };
    const { handedOver, isAborted, refused } = await offer({ recipients: source(), signal: abort.signal });
    expect(isAborted).toBe(true);
    // The batch that was being filled when it ended, at most: ten shards of a hundred.
    expect(refused).toBeLessThanOrEqual(1_000);
    expect(handedOver.recipients + refused).toBe(2_000);
    await workOff(workerWith());
    expect(sent.size).toBe(handedOver.recipients);
    expect(await ledger.report(handedOver.broadcastId)).toMatchObject({ isComplete: true });
  });

  it('can be waited for', async () => {
    const { handedOver } = await offer({ recipients: pagesOf(ids(600)) });
    const reports = new BroadcastReports(() => ledger, clock);
    let answer: unknown;
    const waiting = reports.until(handedOver.broadcastId, { timeoutMs: 60_000 }).then((report) => (answer = report));
    await clock.advance(10_000);
    expect(answer).toBeUndefined();
    await workOff(workerWith());
    await clock.advance(5_000);
    expect(answer).toMatchObject({ isComplete: true, delivered: 600 });
    await waiting;
    expect(clock.pending).toBe(0);
  });
});

describe('the wait for a broadcast', () => {
  let clock: ManualClock;
  beforeAll(() => {
    clock = new ManualClock();
  });
  afterAll(() => expect(clock.pending).toBe(0));

  it('ends with the report as it is when time is up', async () => {
    const ledger = new MemoryBroadcastLedger(clock);
    await ledger.open('b');
    const waiting = new BroadcastReports(() => ledger, clock).until('b', { timeoutMs: 1_000 });
    await clock.advance(1_000);
    expect(await waiting).toMatchObject({ isComplete: false, shards: null });
  });

  it('is none for a broadcast that is not known', async () => {
    const reports = new BroadcastReports(() => new MemoryBroadcastLedger(clock), clock);
    expect(await reports.get('b')).toBeNull();
    expect(await reports.until('b')).toBeNull();
  });

  it('ends when its signal is aborted', async () => {
    const ledger = new MemoryBroadcastLedger(clock);
    await ledger.open('b');
    const abort = new AbortController();
    const waiting = new BroadcastReports(() => ledger, clock).until('b', { signal: abort.signal });
    const ended = expect(waiting).rejects.toThrow('enough');
    await clock.advance(500);
    abort.abort(new Error('enough'));
    await ended;
  });

  it('goes on while the store fails, and tells of it at the end', async () => {
    const ledger = new FailingLedger(clock, []);
    await ledger.open('b');
    await ledger.seal('b', 0, 0);
    ledger.failing = ['report'];
    const reports = new BroadcastReports(() => ledger, clock);
    const failed = expect(reports.until('b', { timeoutMs: 1_000 })).rejects.toBeInstanceOf(StoreUnavailableError);
    await clock.advance(1_000);
    await failed;
    const waiting = reports.until('b', { timeoutMs: 10_000 });
    await clock.advance(1_000);
    ledger.failing = [];
    await clock.advance(5_000);
    expect(await waiting).toMatchObject({ isComplete: true });
  });
});

describe('the ledger of a store', () => {
  it('is the store’s where it has one, asked for no sooner than it is needed', () => {
    const own = new MemoryBroadcastLedger(new ManualClock());
    const broadcasts = jest.fn(() => own);
    const source = new LedgerSource({ broadcasts }, () => new MemoryBroadcastLedger(new ManualClock()));
    expect(broadcasts).not.toHaveBeenCalled();
    expect(source.ledger()).toBe(own);
    expect(source.ledger()).toBe(own);
    expect(broadcasts).toHaveBeenCalledTimes(1);
  });

  it('is one of this process where the store has none, which is said once', () => {
    const warn = jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
    const source = new LedgerSource({ broadcasts: () => null }, () => new MemoryBroadcastLedger(new ManualClock()));
    expect(source.ledger()).toBe(source.ledger());
    expect(warn).toHaveBeenCalledTimes(1);
    jest.restoreAllMocks();
  });
});

describe('an event of SQS', () => {
  it('is told by its records', () => {
    expect(isSqsEvent({ Records: [recordOfBody('x', 'm')] })).toBe(true);
    for (const other of [
      null,
      'text',
      {},
      { Records: [] },
      { Records: [{ eventSource: 'aws:sns', messageId: 'm' }] },
      { Records: [{ EventSource: 'aws:sns' }] },
      { Records: [null] },
      { Records: [{ eventSource: 'aws:sqs' }] },
      { requestContext: { eventType: 'MESSAGE' } },
    ]) {
      expect([other, isSqsEvent(other)]).toEqual([other, false]);
    }
  });
});

function ids(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `c-${index}`);
}

function pagesOf(all: readonly string[], size = 100): string[][] {
  return Array.from({ length: Math.ceil(all.length / size) }, (_, page) => all.slice(page * size, (page + 1) * size));
}

/** What a test lets go on. */
class Gate {
  open: () => void = () => undefined;
  readonly opened = new Promise<void>((resolve) => (this.open = resolve));
}

/** A ledger over a store that fails at some of its operations. */
class FailingLedger extends MemoryBroadcastLedger {
  constructor(
    clock: ManualClock,
    public failing: readonly ('open' | 'claim' | 'settle' | 'report')[],
  ) {
    super(clock);
  }

  override async open(...call: Parameters<BroadcastLedger['open']>): Promise<void> {
    this.failIf('open');
    return super.open(...call);
  }

  override async claim(...call: Parameters<BroadcastLedger['claim']>): ReturnType<BroadcastLedger['claim']> {
    this.failIf('claim');
    return super.claim(...call);
  }

  override async settle(...call: Parameters<BroadcastLedger['settle']>): Promise<boolean> {
    this.failIf('settle');
    return super.settle(...call);
  }

  override async report(...call: Parameters<BroadcastLedger['report']>): ReturnType<BroadcastLedger['report']> {
    this.failIf('report');
    return super.report(...call);
  }

  private failIf(operation: 'open' | 'claim' | 'settle' | 'report'): void {
    if (this.failing.includes(operation)) throw new StoreUnavailableError(operation);
  }
}
