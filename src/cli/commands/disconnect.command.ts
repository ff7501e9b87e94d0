import type { CloseOptions } from '../../contracts/connection.transport.js';
import type { WebSocketManager } from '../../websocket.manager.js';
import { CliError } from '../cli.error.js';
import { ExitCode } from '../exit-code.js';
import type { Invocation } from '../invocation.js';
import { onRunningSystem } from '../running.system.js';
import type { SystemFlags } from '../system.flags.js';

interface DisconnectFlags extends SystemFlags, CloseOptions {
  readonly user?: string;
}

/** What became of each connection. */
interface Closing {
  readonly closed: readonly string[];
  /** Those that are registered still. */
  readonly failed: readonly string[];
  /** Those that were not there, or turned out to be gone. */
  readonly gone: readonly string[];
}

/** Closes a connection, or every connection of a user. */
export async function run({ args, options, output }: Invocation<DisconnectFlags>): Promise<number> {
  const [connectionId] = args;
  const { user, code, reason } = options;
  if ((connectionId === undefined) === (user === undefined)) {
    throw new CliError(ExitCode.usage, 'Say whom: disconnect <connection> or disconnect --user <user>.');
  }
  const closeOptions: CloseOptions = { ...(code !== undefined && { code }), ...(reason !== undefined && { reason }) };
  return onRunningSystem(options, output, async ({ manager }) => {
    const results =
      user === undefined
        ? { [connectionId as string]: await manager.disconnect(connectionId as string, closeOptions) }
        : await manager.disconnectUser(user, closeOptions);
    const closing = await sort(manager, results);
    if (output.isJson) await output.documents([closing]);
    else await output.lines([sentenceOf(closing)]);
    if (closing.failed.length > 0) return ExitCode.failed;
    return closing.closed.length > 0 ? ExitCode.done : ExitCode.nobody;
  });
}

async function sort(manager: WebSocketManager, results: Readonly<Record<string, boolean>>): Promise<Closing> {
  const closing = { closed: [] as string[], failed: [] as string[], gone: [] as string[] };
  for (const [id, isClosed] of Object.entries(results)) {
    if (isClosed) closing.closed.push(id);
    else if (await manager.connectionExists(id)) closing.failed.push(id);
    else closing.gone.push(id);
  }
  return closing;
}

function sentenceOf({ closed, failed, gone }: Closing): string {
  if (closed.length + failed.length + gone.length === 0) return 'The user has no connection.';
  const parts = [
    ...(closed.length > 0 || failed.length > 0 ? [`Closed ${closed.length} of ${closed.length + failed.length}.`] : []),
    ...(gone.length > 0 ? [`${gone.length} gone already.`] : []),
    ...(failed.length > 0 ? ['"nest-websocket doctor" looks for what keeps the others from being reached.'] : []),
  ];
  return parts.join(' ');
}
