import { randomUUID } from 'node:crypto';
import { monotonicNow, type CancelTask, type Clock } from '../../contracts/clock.js';
import type { DeliveryAttempt } from '../../contracts/connection.transport.js';
import type { BusListener, NodeBus, Posting } from '../../contracts/node.bus.js';
import type { Log } from '../../logging/log.js';
import { decodeMessage, encodeReply, encodeRequest, type NodeRequest, type Refusal } from './bus.message.js';

/** What a node does with what comes in by the bus. */
export interface MailboxOwner {
  /** Does what is asked with the connections of this process; one outcome for each id, in their order. */
  serve(request: NodeRequest): readonly DeliveryAttempt[] | Promise<readonly DeliveryAttempt[]>;
  joined(connectionId: string, channel: string): void;
  left(connectionId: string, channel: string): void;
  /** What was sent for a while may be lost. */
  resumed(): void;
}

/** How long a request may take. */
export interface RequestLimits {
  /** From the request on. */
  readonly timeoutMs: number;
  /** From when the message is under way. */
  readonly answerTimeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

/** A request that waits for its reply. */
interface Waiting {
  readonly nodeId: string;
  readonly count: number;
  readonly settle: (outcomes: readonly DeliveryAttempt[]) => void;
}

/** How often a message to a node that has a lease and does not listen is tried again: it is connecting. */
const TRY_AGAIN_MS = 100;

/** How long it counts that a node did not listen: longer than a lease. */
const UNHEARD_MEMORY_MS = 30_000;

/** How many bytes may be on their way to other nodes. What comes on top is refused at once. */
const MAX_BYTES_UNDER_WAY = 67_108_864;

const alone = (status: DeliveryAttempt['status'], reason: string, mayRetry?: true): readonly DeliveryAttempt[] =>
  Object.freeze([Object.freeze({ status, reason, ...(mayRetry !== undefined && { mayRetry }) })]);

const ABORTED = alone('failed', 'aborted');
const TIMED_OUT = alone('failed', 'TimeoutError');
// It may have arrived, so it is not sent again: no client may get a message twice.
const SILENT = alone('failed', 'node-silent');
const AWAY = alone('failed', 'node-away');
const GONE = alone('failed', 'node-gone');
const NO_BUS = alone('failed', 'bus-unavailable');
const FULL = alone('throttled', 'bus-full', true);

const SAID = Object.freeze({
  malformed: ['bus.malformed', 'Something that is no message of a node came in by the bus, and was dropped.'],
  version: [
    'bus.version',
    'A node of another version is on the bus, and what it sends is dropped: run one version everywhere.',
  ],
} as const);

/**
 * Where this process is reached by the others: sends requests to nodes and gives each its reply, and hands the requests that come in to the owner.
 * Listens from the first request on, or from when it has an owner.
 */
export class NodeMailbox {
  private readonly waiting = new Map<string, Waiting>();
  /** Since when nodes that have a lease do not listen. */
  private readonly unheardSince = new Map<string, number>();
  private readonly said = new Set<Refusal>();
  private readonly prefix = randomUUID().slice(0, 8);
  private listening: Promise<void> | undefined;
  private owner: MailboxOwner | undefined;
  private lastRequest = 0;
  private bytesUnderWay = 0;
  private isClosed = false;

  /**
   * @param findBus asked at the first request; `null` where the store has none
   * @param name under which it listens
   */
  constructor(
    private readonly findBus: () => NodeBus | null,
    private name: string,
    private readonly clock: Clock,
    private readonly log: Log,
  ) {}

  /** Whether there is a bus. */
  get isConnected(): boolean {
    return this.findBus() !== null;
  }

  /**
   * Listens for an owner, if it does not yet.
   *
   * @throws StoreUnavailableError
   */
  async openFor(owner: MailboxOwner): Promise<void> {
    this.owner = owner;
    await this.listen(this.bus);
  }

  /** Listens under another name from now on. */
  async rename(name: string): Promise<void> {
    const { bus, name: former } = this;
    this.name = name;
    this.listening = undefined;
    await this.listen(bus);
    await bus.unsubscribe(former);
  }

  /** Ends what it waits for, and listens no more. */
  async close(): Promise<void> {
    this.isClosed = true;
    for (const { settle } of [...this.waiting.values()]) settle(ABORTED);
    if (this.listening === undefined) return;
    this.listening = undefined;
    await this.bus.unsubscribe(this.name).catch(() => undefined);
  }

  /** Resolves to one outcome for each id of the request; one in all where all are the same. Never rejects. */
  request(nodeId: string, request: NodeRequest, limits: RequestLimits): Promise<readonly DeliveryAttempt[]> {
    const { signal } = limits;
    if (this.isClosed || signal?.aborted === true) return Promise.resolve(ABORTED);
    const id = `${this.prefix}-${++this.lastRequest}`;
    const message = encodeRequest(id, this.name, request);
    const { byteLength } = message;
    if (this.bytesUnderWay + byteLength > MAX_BYTES_UNDER_WAY) return Promise.resolve(FULL);
    this.bytesUnderWay += byteLength;
    return new Promise((resolve) => {
      const cancels: CancelTask[] = [];
      const onAbort = (): void => settle(ABORTED);
      const settle = (outcomes: readonly DeliveryAttempt[]): void => {
        if (!this.waiting.delete(id)) return;
        for (const cancel of cancels) cancel();
        signal?.removeEventListener('abort', onAbort);
        resolve(outcomes);
      };
      this.waiting.set(id, { nodeId, count: request.ids.length, settle });
      signal?.addEventListener('abort', onAbort);
      cancels.push(this.clock.after(limits.timeoutMs, () => settle(TIMED_OUT)));
      void this.send(id, nodeId, message, limits.answerTimeoutMs)
        .then(
          (posting) => {
            if (posting === 'no-lease') settle(GONE);
            else if (posting === 'unheard') settle(AWAY);
            else if (this.waiting.has(id)) cancels.push(this.clock.after(limits.answerTimeoutMs, () => settle(SILENT)));
          },
          () => settle(NO_BUS),
        )
        .finally(() => (this.bytesUnderWay -= byteLength));
    });
  }

  /**
   * Again and again while nobody hears it, and somebody waits for it. A node has that time once: what comes later to one that died does not wait until its
   * lease ends.
   */
  private async send(id: string, nodeId: string, message: Uint8Array, withinMs: number): Promise<Posting> {
    const { bus } = this;
    await this.listen(bus);
    for (;;) {
      if (!this.waiting.has(id)) return 'sent';
      const posting = await bus.post(nodeId, message);
      if (posting !== 'unheard') {
        this.unheardSince.delete(nodeId);
        return posting;
      }
      if (monotonicNow(this.clock) >= this.sinceUnheard(nodeId) + withinMs) return posting;
      await new Promise<void>((resolve) => void this.clock.after(TRY_AGAIN_MS, resolve));
    }
  }

  private sinceUnheard(nodeId: string): number {
    const now = monotonicNow(this.clock);
    for (const [id, since] of this.unheardSince) if (now - since > UNHEARD_MEMORY_MS) this.unheardSince.delete(id);
    const since = this.unheardSince.get(nodeId) ?? now;
    this.unheardSince.set(nodeId, since);
    return since;
  }

  private get bus(): NodeBus {
    const bus = this.findBus();
    if (bus === null) throw new Error('The store carries no messages between processes.');
    return bus;
  }

  private async listen(bus: NodeBus): Promise<void> {
    if (this.isClosed) throw new Error('The mailbox is closed.');
    const { name } = this;
    const listening = (this.listening ??= bus.subscribe(name, this.listener(name)));
    try {
      await listening;
    } catch (error) {
      // The next one tries again.
      if (this.listening === listening) this.listening = undefined;
      throw error;
    }
  }

  private listener(name: string): BusListener {
    return {
      message: (bytes) => this.receive(bytes, name),
      joined: (connectionId, channel) => this.owner?.joined(connectionId, channel),
      left: (connectionId, channel) => this.owner?.left(connectionId, channel),
      resumed: () => this.owner?.resumed(),
    };
  }

  private receive(bytes: Uint8Array, name: string): void {
    const message = decodeMessage(bytes);
    if (message === 'malformed' || message === 'version') this.sayOnce(message);
    else if (message.kind === 'request') void this.answer(message.id, message.from, name, message.request);
    else {
      const waiting = this.waiting.get(message.id);
      const { outcomes } = message;
      // Late, made up, or from a node that was not asked.
      if (waiting === undefined || waiting.nodeId !== message.from) return;
      if (outcomes.length === waiting.count || outcomes.length === 1) waiting.settle(outcomes);
    }
  }

  private async answer(id: string, from: string, name: string, request: NodeRequest): Promise<void> {
    const { owner } = this;
    if (owner === undefined) return;
    try {
      // What is done at once is done before the next message comes in: that keeps them in order.
      const serving = owner.serve(request);
      const outcomes = serving instanceof Promise ? await serving : serving;
      await this.bus.answer(from, encodeReply(id, name, outcomes));
    } catch {
      // Whoever asked learns that there is no answer.
    }
  }

  private sayOnce(refusal: Refusal): void {
    if (this.said.has(refusal)) return;
    this.said.add(refusal);
    const [code, message] = SAID[refusal];
    this.log.warn(code, message);
  }
}
