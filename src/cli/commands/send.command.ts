import { MessageSender } from '../../fanout/message.sender.js';
import type { WebSocketManager } from '../../websocket.manager.js';
import type { WebSocketSelection } from '../../websocket.selection.js';
import { CliError } from '../cli.error.js';
import { summarize } from '../delivery.summary.js';
import { ExitCode } from '../exit-code.js';
import type { Invocation } from '../invocation.js';
import { payloadOf, type PayloadFlags } from '../payload.argument.js';
import { Progress } from '../progress.js';
import { onRunningSystem } from '../running.system.js';
import { sending } from '../sending.js';
import type { SystemFlags } from '../system.flags.js';

interface SendFlags extends SystemFlags, PayloadFlags {
  readonly channel?: readonly string[];
  readonly user?: readonly string[];
  readonly except?: readonly string[];
  readonly reasons?: true;
}

/** Sends a message to a connection, or to the members of channels and the connections of users. */
export async function run({ args, options, output, signal }: Invocation<SendFlags>): Promise<number> {
  const isSelection = options.channel !== undefined || options.user !== undefined;
  const [connectionId, data] = isSelection ? [undefined, args[0]] : args;
  if (data === undefined || args.length > (isSelection ? 1 : 2)) {
    throw new CliError(
      ExitCode.usage,
      'Say whom and what: send <connection> <data>, send --channel <channel> <data> or send --user <user> <data>.',
    );
  }
  const payload = await payloadOf(data, options);
  return onRunningSystem(options, output, async ({ manager, get }) => {
    const progress = new Progress(output);
    // Of a few it is worth knowing what became of each; the ids of a large channel would all be kept for it.
    const outcomes = options.channel === undefined || options.reasons === true;
    const settings = { ...sending(progress, signal), outcomes };
    const report =
      connectionId === undefined
        ? await selection(manager, options).send(payload, settings)
        : await get(MessageSender).report({ recipients: [[connectionId]] }, payload, settings);
    progress.end();
    return summarize(output, report);
  });
}

function selection(manager: WebSocketManager, { channel, user, except = [] }: SendFlags): WebSocketSelection {
  const all = manager.except(...except);
  const withChannels = channel === undefined ? all : all.to(...channel);
  return user === undefined ? withChannels : withChannels.toUser(...user);
}
