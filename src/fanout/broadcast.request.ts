import type { Recipient } from '../contracts/connection.store.js';
import type { DeliveryOutcome } from '../contracts/connection.transport.js';
import type { LocalRecipients } from '../contracts/local.recipients.js';
import type { UserId } from '../protocol/name.js';
import type { DeliveryProgress } from './fan-out.observer.js';

/** A page of whom a message goes to: ids to look up, or what is known of them already. */
export type RecipientPage = readonly string[] | readonly Recipient[];

export type RecipientPages = AsyncIterable<RecipientPage> | Iterable<RecipientPage>;

export function isIds(page: RecipientPage): page is readonly string[] {
  return typeof page[0] === 'string';
}

/** Told the outcome of each connection, once. */
export type OutcomeListener = (connectionId: string, outcome: DeliveryOutcome) => void;

/** By what a message was sent. `protocol` is what this package answers and announces by itself, `shard` a worker's part of a broadcast. */
export type SendMethod =
  | 'sendToConnection'
  | 'sendToConnections'
  | 'sendToUser'
  | 'sendToUsers'
  | 'sendToChannel'
  | 'broadcast'
  | 'send'
  | 'sendWithAck'
  | 'publish'
  | 'protocol'
  | 'shard';

/** Whom the sender of a message named, for whoever records messages. With none of the three lists it is everyone. */
export interface MessageTarget {
  readonly method: SendMethod;
  readonly connectionIds?: readonly string[];
  readonly userIds?: readonly UserId[];
  readonly channels?: readonly string[];
  /** Connections that were left out. */
  readonly except?: readonly string[];
}

/** Whom a message goes to. */
export interface Addressees {
  /** In the words of whoever sends it; nothing is delivered by it. */
  readonly target?: MessageTarget;
  readonly recipients: RecipientPages;
  /** Those whose sockets this process holds, for when the store cannot tell who the recipients are. */
  readonly locally?: (local: LocalRecipients) => Iterable<RecipientPage>;
}

/** What a broadcast is asked for. */
export interface BroadcastRequest extends Addressees {
  readonly payload: Uint8Array;
  readonly onOutcome: OutcomeListener;
  /** Ends the broadcast early. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: DeliveryProgress) => void;
}
