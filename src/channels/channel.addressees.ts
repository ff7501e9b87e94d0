import type { ConnectionStore, Recipient } from '../contracts/connection.store.js';
import type { LocalRecipients } from '../contracts/local.recipients.js';
import type { Addressees, RecipientPage, SendMethod } from '../fanout/broadcast.request.js';

/** Everybody in a channel but these connections. */
export function membersOf(
  store: ConnectionStore,
  channel: string,
  except: readonly string[] = [],
  method: SendMethod = 'protocol',
): Addressees {
  const excepted = new Set(except);
  const without = (page: readonly Recipient[]): RecipientPage =>
    excepted.size === 0 ? page : page.filter(({ connectionId }) => !excepted.has(connectionId));
  return {
    recipients: mapped(store.recipients(channel), without),
    locally: function* (local: LocalRecipients) {
      for (const page of local.recipients(channel)) yield without(page);
    },
    target: { method, channels: [channel], except },
  };
}

async function* mapped<Item, Result>(
  pages: AsyncIterable<Item>,
  change: (page: Item) => Result,
): AsyncGenerator<Result> {
  for await (const page of pages) yield change(page);
}
