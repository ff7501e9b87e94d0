import { summarize } from '../delivery.summary.js';
import type { Invocation } from '../invocation.js';
import { payloadOf, type PayloadFlags } from '../payload.argument.js';
import { Progress } from '../progress.js';
import { onRunningSystem } from '../running.system.js';
import { sending } from '../sending.js';
import type { SystemFlags } from '../system.flags.js';

interface BroadcastFlags extends SystemFlags, PayloadFlags {
  readonly except?: readonly string[];
  readonly reasons?: true;
}

/** Sends a message to everyone. */
export async function run({ args, options, output, signal }: Invocation<BroadcastFlags>): Promise<number> {
  const payload = await payloadOf(args[0] as string, options);
  return onRunningSystem(options, output, async ({ manager }) => {
    const progress = new Progress(output);
    const settings = { ...sending(progress, signal), outcomes: options.reasons === true };
    const report = await manager.except(...(options.except ?? [])).send(payload, settings);
    progress.end();
    return summarize(output, report);
  });
}
