import type { Recipient } from '../contracts/connection.store.js';
import type { DeliveryOutcome } from '../contracts/connection.transport.js';
import type { LocalRecipients } from '../contracts/local.recipients.js';
import type { DeliveryProgress } from './fan-out.observer.js';

/** A page of whom a message goes to: ids to look up, or what is known of them already. */
export type RecipientPage = readonly string[] | readonly Recipient[];

export type RecipientPages = AsyncIterable<RecipientPage> | Iterable<RecipientPage>;

export function isIds(page: RecipientPage): page is readonly string[] {
  return typeof page[0] === 'string';
}

/** Told the outcome of each connection, once. */
export type OutcomeListener = (connectionId: string, outcome: DeliveryOutcome) => void;

/** Whom a message goes to. */
export interface Addressees {
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
