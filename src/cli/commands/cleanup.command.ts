import { ApplicationProviders } from '../../application.providers.js';
import { WebSocketEvents } from '../../events/websocket-events.js';
import { ExitCode } from '../exit-code.js';
import type { Invocation } from '../invocation.js';
import { Progress } from '../progress.js';
import { onRunningSystem } from '../running.system.js';
import type { SystemFlags } from '../system.flags.js';

interface CleanupFlags extends SystemFlags {
  readonly askGateway?: true;
  readonly staleAfter?: number;
}

/** Ends connections whose end nobody was told of. */
export function run({ options, output }: Invocation<CleanupFlags>): Promise<number> {
  const { askGateway = false, staleAfter } = options;
  return onRunningSystem(
    options,
    output,
    async ({ manager, get, options: { staleAfterSeconds } }) => {
      const progress = new Progress(output);
      let told = 0;
      get(ApplicationProviders).emitter.on(WebSocketEvents.Disconnected, () => progress.tell(`Ended ${++told}`));
      const ended = await manager.cleanup({ askGateway });
      progress.end();
      if (output.isJson) await output.documents([{ ended, staleAfterSeconds, askGateway }]);
      else
        await output.lines([
          `Ended ${ended} ${ended === 1 ? 'connection' : 'connections'} without a sign of life for ${staleAfterSeconds} seconds.`,
        ]);
      return ExitCode.done;
    },
    { options: staleAfter === undefined ? {} : { staleAfterSeconds: staleAfter } },
  );
}
