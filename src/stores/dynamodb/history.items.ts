import type { HistoryMessage, StreamPosition } from '../../contracts/channel.history.js';
import type { Fields } from './attribute.values.js';
import { randomToken } from '../random.token.js';

/** Numbers sort like their digits when all have as many: those of the largest that there is. */
const DIGITS = String(Number.MAX_SAFE_INTEGER).length;

/** Digits of a time in base 36: enough for thousands of years. */
const TIME_DIGITS = 9;

const EPOCH = /^0[0-9a-z]{8}[\w-]{12}$/;

/** Sorts behind every message, whose sort key starts with a digit. */
export const HEAD = 'head';

/** What is known of the stream of a channel. */
export interface StreamHead {
  readonly epoch: string;
  /** The number of the last message, or of one before it: who appended may not have got to write it here. */
  readonly offset: number;
  /** The number of the first message that is within the bounds, as of that one. */
  readonly floor: number;
  /** How many messages whoever appended last wanted to be kept. */
  readonly keeps: number;
  /** From when on the stream counts as lost (epoch ms). */
  readonly expiresAt: number;
}

/** A message as it stands in the table. */
export interface StoredMessage extends HistoryMessage {
  /** When it was appended (epoch ms). */
  readonly at: number;
}

/** The name of a stream that starts now. The one that starts later sorts behind. */
export function newEpoch(now: number): string {
  return `${now.toString(36).padStart(TIME_DIGITS, '0')}${randomToken()}`;
}

/** Whether there can be such a place. Clients make up places, and the table refuses to look between two that are out of order. */
export function isPlace({ epoch, offset }: StreamPosition): boolean {
  return EPOCH.test(epoch) && Number.isSafeInteger(offset) && offset >= 0;
}

export function messageKey({ epoch, offset }: StreamPosition): string {
  return `${epoch}:${String(offset).padStart(DIGITS, '0')}`;
}

/** The head among the items of a stream, unless it is lost. */
export function headIn(items: readonly Fields[], now: number): StreamHead | null {
  const head = items.find(({ sk }) => sk === HEAD);
  return head === undefined ? null : liveHead(head, now);
}

export function liveHead(fields: Fields, now: number): StreamHead | null {
  const head = fields as Fields & StreamHead;
  return head.expiresAt > now ? head : null;
}

/** The messages of a stream among its items, in their order. */
export function messagesIn(items: readonly Fields[], epoch: string): StoredMessage[] {
  return items.flatMap((fields) => {
    const { sk, message, at } = fields as Fields & { readonly sk: string } & StoredMessage;
    if (!sk.startsWith(`${epoch}:`)) return [];
    return [{ offset: Number(sk.slice(epoch.length + 1)), message, at }];
  });
}
