import type { ConnectionLifecycle } from '../connections/connection.lifecycle.js';
import type { ConnectionStore } from '../contracts/connection.store.js';
import type { DeliveryOutcome } from '../contracts/connection.transport.js';
import { isIds, type BroadcastRequest, type MessageTarget, type RecipientPage } from '../fanout/broadcast.request.js';
import type { DeliveryEnding, EarlyEnd } from '../fanout/fan-out.engine.js';
import type { DeliveryEngine } from '../fanout/message.sender.js';
import type { Recording } from './recording.js';

/** What the fan-out answers in the same cases. */
const DELIVERED: DeliveryOutcome = Object.freeze({ status: 'delivered' });
const UNKNOWN: DeliveryOutcome = Object.freeze({ status: 'gone', reason: 'unknown-connection' });
const OPENING: DeliveryOutcome = Object.freeze({ status: 'failed', reason: 'still-connecting' });
const ABORTED: DeliveryOutcome = Object.freeze({ status: 'failed', reason: 'aborted' });

const NOBODY: MessageTarget = Object.freeze({ method: 'sendToConnections', connectionIds: [] });

/** Records messages, and answers for those whom they are to as if they had been delivered. */
export class RecordingEngine implements DeliveryEngine {
  constructor(
    private readonly store: ConnectionStore,
    private readonly lifecycle: ConnectionLifecycle,
    private readonly recording: Recording,
    readonly answerOf: (connectionId: string, question: unknown) => unknown,
  ) {}

  /** Without a timer: nothing takes long here. */
  within<Result>(
    { signal }: EarlyEnd,
    work: (end: { readonly signal?: AbortSignal }) => Promise<Result>,
  ): Promise<Result> {
    return work(signal === undefined ? {} : { signal });
  }

  deliverHere(): Promise<null> {
    return Promise.resolve(null);
  }

  /** @throws StoreUnavailableError when the store cannot tell who the recipients are */
  async deliver(request: BroadcastRequest): Promise<DeliveryEnding> {
    const { target = NOBODY, payload, recipients, signal, onOutcome } = request;
    const isListed = !(Symbol.asyncIterator in recipients);
    const entry = this.recording.begin(target, payload);
    const seen = new Set<string>();
    const isAborted = (): boolean => signal?.aborted === true;
    for await (const page of recipients) {
      // Those that stand in a list are told what became of them, as by the fan-out.
      if (isAborted() && !isListed) break;
      for (const [connectionId, outcome] of await this.outcomesOf(page)) {
        if (seen.has(connectionId)) continue;
        seen.add(connectionId);
        const final = isAborted() ? ABORTED : outcome;
        if (final.status === 'delivered') entry.recipients.push(connectionId);
        else entry.failures.set(connectionId, final);
        onOutcome(connectionId, final);
      }
    }
    return { isAborted: isAborted(), outage: null };
  }

  private async outcomesOf(page: RecipientPage): Promise<(readonly [connectionId: string, DeliveryOutcome])[]> {
    const outcomeOf = (connectionId: string): DeliveryOutcome =>
      this.lifecycle.isOpening(connectionId) ? OPENING : DELIVERED;
    if (!isIds(page)) {
      return page.map(({ connectionId }) => [connectionId, outcomeOf(connectionId)]);
    }
    const found = await this.store.findMany(page);
    return page.map((connectionId, index) => [
      connectionId,
      (found[index] ?? null) === null ? UNKNOWN : outcomeOf(connectionId),
    ]);
  }
}
