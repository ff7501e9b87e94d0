import type { ChannelOccupancy } from '../../contracts/connection.store.js';
import { ExitCode } from '../exit-code.js';
import type { Invocation } from '../invocation.js';
import { onRunningSystem } from '../running.system.js';
import type { SystemFlags } from '../system.flags.js';
import { TextTable } from '../text-table.js';

/** How many of the largest channels are shown; `channels` lists all. */
const LARGEST = 10;

/** Counts connections and channels. */
export function run({ options, output, signal }: Invocation<SystemFlags>): Promise<number> {
  return onRunningSystem(options, output, async ({ store, storeKind }) => {
    const totalConnections = await store.countConnections();
    let totalChannels = 0;
    let largestChannels: ChannelOccupancy[] = [];
    for await (const page of store.channels()) {
      if (signal.aborted) return ExitCode.interrupted;
      totalChannels += page.length;
      largestChannels = largestOf([...largestChannels, ...page]);
    }
    if (output.isJson) await output.documents([{ totalConnections, totalChannels, largestChannels, store: storeKind }]);
    else {
      const bold = (heading: string): string => output.styled('bold', heading);
      const totals = new TextTable(['CONNECTIONS', 'CHANNELS', 'STORE'], bold);
      await output.lines(totals.lines([[totalConnections, totalChannels, storeKind]]));
      if (totalChannels > 0) {
        const table = new TextTable(['LARGEST CHANNELS', 'CONNECTIONS'], bold);
        await output.lines(['', ...table.lines(largestChannels.map(({ channel, members }) => [channel, members]))]);
      }
    }
    return ExitCode.done;
  });
}

function largestOf(channels: ChannelOccupancy[]): ChannelOccupancy[] {
  return channels.sort((a, b) => b.members - a.members).slice(0, LARGEST);
}
