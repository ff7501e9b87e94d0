import type { Connection } from '../../contracts/connection.js';
import type { ConnectionStore } from '../../contracts/connection.store.js';
import { IdSet } from '../../fanout/id-set.js';
import { isChannelName } from '../../protocol/name.js';
import { ExitCode } from '../exit-code.js';
import type { Invocation } from '../invocation.js';
import { Listing, type ListedItem } from '../listing.js';
import { onRunningSystem } from '../running.system.js';
import type { SystemFlags } from '../system.flags.js';

interface ConnectionsOptions extends SystemFlags {
  readonly channel?: string;
  readonly user?: string;
  readonly limit?: number;
}

/** How many channels of a connection a table shows; JSON has all. */
const SHOWN_CHANNELS = 3;

const HEADINGS = ['CONNECTION', 'USER', 'CONNECTED AT', 'CHANNELS', 'ENDPOINT'];

/** Lists connections: all, those in a channel, those of a user, or those of a user in a channel. */
export function run({ options, output, signal }: Invocation<ConnectionsOptions>): Promise<number> {
  return onRunningSystem(options, output, async ({ store }) => {
    const listing = new Listing(output, HEADINGS, options.limit);
    const seen = new IdSet();
    const { channel, user } = options;
    for await (const ids of idsOf(store, options)) {
      if (signal.aborted) return ExitCode.interrupted;
      // An id repeats where connections come and go meanwhile, and has no record any more where one has gone.
      const found = await store.findMany(ids.filter((id) => seen.add(id)));
      const matching = found.filter(
        (connection) =>
          connection !== null &&
          (user === undefined || connection.userId === user) &&
          (channel === undefined || connection.channels.includes(channel)),
      );
      await listing.add((matching as Connection[]).map(itemOf));
      if (listing.isOver) break;
    }
    await listing.end('Nobody is connected there.');
    return ExitCode.done;
  });
}

async function* idsOf(store: ConnectionStore, { channel, user }: ConnectionsOptions): AsyncIterable<readonly string[]> {
  if (user !== undefined) yield await store.connectionsOfUser(user);
  else if (channel === undefined) yield* store.connections();
  else if (isChannelName(channel)) yield* store.members(channel);
}

function itemOf(connection: Connection): ListedItem {
  const { connectionId, userId, connectedAt, channels, endpoint } = connection;
  const isoConnectedAt = isoOf(connectedAt);
  return {
    cells: [connectionId, userId, isoConnectedAt, few(channels), endpoint],
    document: { ...connection, connectedAt: isoConnectedAt },
  };
}

/** The first of them, for a column that stays readable. */
function few(channels: readonly string[]): string | null {
  if (channels.length === 0) return null;
  const more = channels.length - SHOWN_CHANNELS;
  return channels.slice(0, SHOWN_CHANNELS).join(', ') + (more > 0 ? `, and ${more} more` : '');
}

/** As ISO 8601, as long as it is a time: records are whatever is in the store. */
function isoOf(time: number): string {
  return Math.abs(time) <= 8.64e15 ? new Date(time).toISOString() : String(time);
}
