import type { Clock } from '../contracts/clock.js';
import type { RateBuckets } from '../contracts/rate.buckets.js';
import type { WebSocketMessageEvent } from '../protocol/events.js';
import type { Log } from '../logging/log.js';
import type { AdmissionRules } from './admission.rules.js';
import { RateLimit } from './rate.limit.js';
import { Refusal } from './refusal.js';

/** Refuses messages that are too many or too large. */
export class MessageGate {
  private readonly rate: RateLimit | null;

  constructor(
    private readonly rules: Pick<AdmissionRules, 'messagesPerSecond' | 'messageBurst' | 'maxMessageBytes'>,
    shared: () => RateBuckets | null,
    clock: Clock,
    log: Log,
  ) {
    const { messagesPerSecond: perSecond, messageBurst } = rules;
    this.rate =
      perSecond === null ? null : new RateLimit({ perSecond, burst: messageBurst ?? perSecond }, shared, clock, log);
  }

  /** @param isHeld whether all messages of the connection come to this process */
  async refusal(connectionId: string, event: WebSocketMessageEvent, isHeld: boolean): Promise<Refusal | null> {
    const { rate } = this;
    if (rate !== null) {
      const key = `messages:${connectionId}`;
      const refusal = isHeld ? rate.takeHere(key) : await rate.take(key);
      if (refusal !== null) return refusal;
    }
    const { maxMessageBytes } = this.rules;
    return maxMessageBytes !== null && bytesOf(event) > maxMessageBytes ? new Refusal(413) : null;
  }

  forget(connectionId: string): void {
    this.rate?.drop(`messages:${connectionId}`);
  }
}

function bytesOf({ body, isBase64Encoded }: WebSocketMessageEvent): number {
  return Buffer.byteLength(body ?? '', isBase64Encoded === true ? 'base64' : 'utf8');
}
