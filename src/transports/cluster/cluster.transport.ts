import type { CancelTask, Clock } from '../../contracts/clock.js';
import {
  ConnectionTransport,
  type AttemptLimits,
  type CloseOptions,
  type DeliveryAttempt,
  type DeliveryOutcome,
  type DeliveryTarget,
  type OutgoingMessage,
} from '../../contracts/connection.transport.js';
import { MAX_IDS } from './bus.message.js';
import { nodeOf } from '../local/local.endpoint.js';
import type { NodeMailbox } from './node.mailbox.js';

/** How long deliveries are gathered when nobody says that no more follow. */
const GATHER_MS = 50;

export interface ClusterTransportOptions {
  readonly clock: Clock;
  /** How long a node may take to answer. */
  readonly answerTimeoutMs: number;
  /** How long a close or a question may take in all. */
  readonly requestTimeoutMs: number;
}

/** The recipients of one message on one node. */
interface Batch {
  readonly nodeId: string;
  readonly ids: string[];
  readonly resolves: ((attempt: DeliveryAttempt) => void)[];
  timeoutMs: number;
}

/** What is gathered of one message. */
interface Gathering {
  readonly batches: Map<string, Batch>;
  readonly cancel: CancelTask;
}

const FAILED: DeliveryAttempt = Object.freeze({ status: 'failed', reason: 'node-silent' });

/** Reaches the sockets of other nodes over the bus: one message for each call and node, however many connections it is for. */
export class ClusterTransport extends ConnectionTransport {
  private readonly gatherings = new Map<OutgoingMessage, Gathering>();

  /** @param own the endpoint of this process's own sockets, which are reached without the bus */
  constructor(
    private readonly mailbox: NodeMailbox,
    private readonly own: () => string,
    private readonly options: ClusterTransportOptions,
  ) {
    super();
  }

  serves(endpoint: string): boolean {
    return endpoint !== this.own() && nodeOf(endpoint) !== null && this.mailbox.isConnected;
  }

  deliver(target: DeliveryTarget, message: OutgoingMessage, { timeoutMs }: AttemptLimits): Promise<DeliveryAttempt> {
    return new Promise((resolve) => {
      const { batches } = this.gatheringOf(message);
      const nodeId = nodeOf(target.endpoint) ?? '';
      let batch = batches.get(nodeId);
      if (batch === undefined) batches.set(nodeId, (batch = { nodeId, ids: [], resolves: [], timeoutMs }));
      batch.timeoutMs = Math.min(batch.timeoutMs, timeoutMs);
      batch.resolves.push(resolve);
      if (batch.ids.push(target.connectionId) < MAX_IDS) return;
      batches.delete(nodeId);
      void this.send(batch, message);
    });
  }

  override flush(message: OutgoingMessage): void {
    const gathering = this.gatherings.get(message);
    if (gathering === undefined) return;
    this.gatherings.delete(message);
    gathering.cancel();
    for (const batch of gathering.batches.values()) void this.send(batch, message);
  }

  async close(target: DeliveryTarget, { code = 1000, reason = '' }: CloseOptions): Promise<DeliveryOutcome> {
    const { status, reason: why } = await this.askNode(target, { type: 'close', code, reason });
    return why === undefined ? { status } : { status, reason: why };
  }

  isAlive(): null {
    return null;
  }

  async ask(target: DeliveryTarget): Promise<boolean | null> {
    const { status } = await this.askNode(target, { type: 'ask' });
    return status === 'delivered' ? true : status === 'gone' ? false : null;
  }

  override async shutdown(): Promise<void> {
    for (const message of [...this.gatherings.keys()]) this.flush(message);
    await this.mailbox.close();
  }

  private gatheringOf(message: OutgoingMessage): Gathering {
    let gathering = this.gatherings.get(message);
    if (gathering === undefined) {
      const cancel = this.options.clock.after(GATHER_MS, () => this.flush(message));
      this.gatherings.set(message, (gathering = { batches: new Map(), cancel }));
    }
    return gathering;
  }

  private async send({ nodeId, ids, resolves, timeoutMs }: Batch, message: OutgoingMessage): Promise<void> {
    const { payload, signal } = message;
    const { answerTimeoutMs } = this.options;
    const outcomes = await this.mailbox.request(
      nodeId,
      { type: 'send', ids, payload },
      { timeoutMs, answerTimeoutMs, signal },
    );
    for (const [index, resolve] of resolves.entries()) resolve(outcomes[index] ?? outcomes[0] ?? FAILED);
  }

  private async askNode(
    target: DeliveryTarget,
    request: { readonly type: 'ask' } | { readonly type: 'close'; readonly code: number; readonly reason: string },
  ): Promise<DeliveryAttempt> {
    const { answerTimeoutMs, requestTimeoutMs } = this.options;
    const [outcome] = await this.mailbox.request(
      nodeOf(target.endpoint) ?? '',
      { ...request, ids: [target.connectionId] },
      { timeoutMs: requestTimeoutMs, answerTimeoutMs },
    );
    return outcome ?? FAILED;
  }
}
