import type { Recipient } from './connection.store.js';

/** The connections whose sockets this process holds, known without the store: whom messages still reach while it is away. */
export abstract class LocalRecipients {
  /** The members of a channel among them, or with `null` all, page by page. */
  abstract recipients(channel: string | null): Iterable<readonly Recipient[]>;

  /** The ids of a user's connections among them. */
  abstract ofUser(userId: string): string[];

  /** Those with these ids, in their order; `null` where the socket is not here. */
  abstract find(connectionIds: readonly string[]): (Recipient | null)[];
}
