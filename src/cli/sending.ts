import type { SendOptions } from '../fanout/message.sender.js';
import type { Progress } from './progress.js';

/** Options of a send that tells how far it is and can be interrupted. */
export function sending(progress: Progress, signal: AbortSignal): SendOptions {
  return {
    signal,
    onProgress: ({ delivered, gone, throttled, failed, inFlight }) => {
      const done = delivered + gone + throttled + failed;
      progress.tell(`Sent to ${done}, ${inFlight} under way, ${gone} gone, ${throttled + failed} not reached`);
    },
  };
}
