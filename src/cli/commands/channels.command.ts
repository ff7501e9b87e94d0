import { ExitCode } from '../exit-code.js';
import type { Invocation } from '../invocation.js';
import { Listing } from '../listing.js';
import { onRunningSystem } from '../running.system.js';
import type { SystemFlags } from '../system.flags.js';

interface ChannelsOptions extends SystemFlags {
  readonly limit?: number;
}

/** Lists the channels that have members. */
export function run({ options, output, signal }: Invocation<ChannelsOptions>): Promise<number> {
  return onRunningSystem(options, output, async ({ store }) => {
    const listing = new Listing(output, ['CHANNEL', 'CONNECTIONS'], options.limit);
    for await (const page of store.channels()) {
      if (signal.aborted) return ExitCode.interrupted;
      await listing.add(
        page.map(({ channel, members }) => ({ cells: [channel, members], document: { channel, members } })),
      );
      if (listing.isOver) break;
    }
    await listing.end('No channel has members.');
    return ExitCode.done;
  });
}
