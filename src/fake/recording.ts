import type { LifecycleRecorder } from '../connections/lifecycle.observers.js';
import type { JoinResult, LeaveResult } from '../contracts/connection.store.js';
import type { CloseOptions, DeliveryOutcome } from '../contracts/connection.transport.js';
import type { MessageTarget, SendMethod } from '../fanout/broadcast.request.js';

/** A message that was recorded instead of delivered. */
export interface SentMessage {
  /** By what it was sent. `protocol` is what this package answers and announces by itself. */
  readonly method: SendMethod;
  /** Whom the sender named: with none of `connectionIds`, `userIds` and `channels` it is everyone. */
  readonly target: Omit<MessageTarget, 'method'>;
  /** What the client would read: parsed JSON, or the text where it is none. Of `publish` and `sendWithAck` their `data`. */
  readonly data: unknown;
  /** The `event` that `publish` was given. */
  readonly event?: string;
  /** Whom it reached, once the call has resolved. */
  readonly recipients: readonly string[];
  /** What became of it at those whom it did not reach. */
  readonly failures: ReadonlyMap<string, DeliveryOutcome>;
}

/** A connection and a channel that it was to join or to leave. */
export interface RecordedMembership {
  readonly connectionId: string;
  readonly channel: string;
  /** Whether there was such a connection. */
  readonly isKnown: boolean;
}

/** A connection that the server was to close. */
export interface RecordedClose {
  readonly connectionId: string;
  readonly options: CloseOptions;
}

/** A message that is being sent. */
export interface Entry extends SentMessage {
  readonly recipients: string[];
  readonly failures: Map<string, DeliveryOutcome>;
}

const decoder = new TextDecoder();

/** What applications asked for, in the order in which they did. */
export class Recording implements LifecycleRecorder {
  readonly sent: Entry[] = [];
  readonly joined: RecordedMembership[] = [];
  readonly left: RecordedMembership[] = [];
  readonly closed: RecordedClose[] = [];

  begin({ method, ...target }: MessageTarget, payload: Uint8Array): Entry {
    const entry: Entry = { method, target, ...contentOf(method, payload), recipients: [], failures: new Map() };
    this.sent.push(entry);
    return entry;
  }

  joining(connectionId: string, channel: string, result: JoinResult): void {
    if (result === 'full' || result === 'limit') return;
    this.joined.push({ connectionId, channel, isKnown: result !== 'unknown-connection' });
  }

  leaving(connectionId: string, channel: string, result: LeaveResult): void {
    this.left.push({ connectionId, channel, isKnown: result !== 'unknown-connection' });
  }

  closing(connectionId: string, options: CloseOptions): void {
    this.closed.push({ connectionId, options });
  }

  clear(): void {
    for (const list of [this.sent, this.joined, this.left, this.closed]) list.length = 0;
  }
}

/** Read from the bytes: what the caller does to the object afterwards changes nothing. */
function contentOf(method: SendMethod, payload: Uint8Array): Pick<SentMessage, 'data' | 'event'> {
  const content = parsed(decoder.decode(payload));
  if (method !== 'publish' && method !== 'sendWithAck') return { data: content };
  const { data, event } = content as { readonly data?: unknown; readonly event?: string };
  return { data, ...(event !== undefined && { event }) };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
