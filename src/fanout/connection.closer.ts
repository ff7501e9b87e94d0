import type { ConnectionLifecycle } from '../connections/connection.lifecycle.js';
import type { ConnectionEnd } from '../connections/lifecycle.observers.js';
import type { ConnectionStore } from '../contracts/connection.store.js';
import type { CloseOptions } from '../contracts/connection.transport.js';
import { isConnectionId } from '../protocol/name.js';
import { forEachAtMost } from './concurrency.gate.js';
import { forgetSender } from './invocation.js';
import { emptyMap } from './message.sender.js';
import type { TransportRouter } from './transport.router.js';

/** Closes connections, wherever their sockets are. */
export class ConnectionCloser {
  constructor(
    private readonly store: ConnectionStore,
    private readonly lifecycle: ConnectionLifecycle,
    private readonly router: TransportRouter,
    private readonly maxAtOnce: number,
  ) {}

  /** Resolves whether the connection was closed; one that turns out to be gone is forgotten. */
  async close(connectionId: string, options: CloseOptions): Promise<boolean> {
    if (!isConnectionId(connectionId)) return false;
    this.lifecycle.recorder?.closing(connectionId, options);
    const [connection = null] = await this.store.findMany([connectionId]);
    if (connection === null) return false;
    const route = this.router.route(connection);
    if (route === null) return false;
    forgetSender(connectionId);
    const end: ConnectionEnd = { cause: 'server', code: options.code ?? 1000, reason: options.reason ?? null };
    // Closed before it is forgotten: a close that fails must not leave a client connected whom nobody knows.
    const { status } = await this.lifecycle.whileClosing(connectionId, end, async () => {
      const outcome = await route.transport.close(route.target, options);
      if (outcome.status === 'delivered') await this.lifecycle.endQuietly(connectionId, end);
      return outcome;
    });
    if (status === 'gone') await this.lifecycle.endGone(connection);
    return status === 'delivered';
  }

  /** Resolves whether each was closed. The map has no prototype. */
  async closeAll(connectionIds: readonly string[], options: CloseOptions): Promise<Record<string, boolean>> {
    const results = emptyMap<boolean>();
    await forEachAtMost(this.maxAtOnce, connectionIds, async (connectionId) => {
      results[connectionId] = await this.close(connectionId, options);
    });
    return results;
  }
}
