import type { ConnectionLifecycle } from '../../connections/connection.lifecycle.js';
import type { ConnectionMirror, MirroredConnection, UnsettledEnd } from '../../connections/connection.mirror.js';
import type { Clock } from '../../contracts/clock.js';
import type { Connection } from '../../contracts/connection.js';
import type { ConnectionStore } from '../../contracts/connection.store.js';
import { forEachAtMost } from '../../fanout/concurrency.gate.js';
import { Closes } from '../../protocol/close-codes.js';
import type { LocalTransport } from '../../transports/local/local.transport.js';

const AT_ONCE = 64;
const PAGE_SIZE = 500;

/** Brings the store and the sockets of this node together again after one of them knew more than the other. */
export class MirrorRestoration {
  constructor(
    private readonly store: ConnectionStore,
    private readonly lifecycle: ConnectionLifecycle,
    private readonly transport: LocalTransport,
    private readonly mirror: ConnectionMirror,
    private readonly clock: Clock,
    private readonly leaseMs: number,
  ) {}

  /**
   * Registers open connections that the store does not know, with their channels. Of those that it knows the channels are right in the store,
   * unless it lost what was written to it.
   */
  async restore(hasStoreLost: boolean): Promise<void> {
    const ids = [...this.mirror.connections].filter(this.isOurs).map(({ connection }) => connection.connectionId);
    for (let start = 0; start < ids.length; start += PAGE_SIZE) {
      const page = ids.slice(start, start + PAGE_SIZE);
      const found = await this.store.findMany(page);
      await forEachAtMost(AT_ONCE, page.entries(), async ([index, connectionId]) => {
        const mirrored = this.mirror.get(connectionId);
        // One that is being opened is stored by its $connect.
        if (mirrored === undefined || this.lifecycle.isOpening(connectionId)) return;
        await this.restoreOne(mirrored, found[index] ?? null, hasStoreLost);
      });
    }
  }

  /** Tells the store of connections that ended while it did not answer, and forgets ends that it knows of. */
  async settleEnds(hasStoreLost: boolean): Promise<void> {
    const now = this.clock.now();
    await forEachAtMost(AT_ONCE, [...this.mirror.unsettledEnds], async (ended) => {
      const { connectionId } = ended.connection;
      if (ended.state === 'asking') return;
      // The store knew of no such connection: another process has ended it, or the store has lost it, which is known within a lease.
      if (ended.state === 'unknown' && !hasStoreLost) {
        if (now - ended.since >= this.leaseMs) this.mirror.settle(connectionId);
        return;
      }
      await this.settle(ended, hasStoreLost);
    });
  }

  /** Ends the records of this node that have no socket. */
  async endGhosts(): Promise<void> {
    const { endpoint } = this.transport;
    for await (const page of this.store.recipients(null)) {
      const ghosts = page.filter(
        (recipient) => recipient.endpoint === endpoint && !this.mirror.knows(recipient.connectionId),
      );
      await forEachAtMost(AT_ONCE, ghosts, async ({ connectionId }) => {
        await this.lifecycle.endQuietly(connectionId, { cause: 'gone' });
      });
    }
  }

  /** Closes the sockets that are recorded under a name that this process had before. Tells whether there were any. */
  async closeStrangers(): Promise<boolean> {
    const strangers = [...this.mirror.connections].filter((mirrored) => !this.isOurs(mirrored));
    for (const { connection } of strangers) await this.close(connection);
    return strangers.length > 0;
  }

  private readonly isOurs = ({ connection }: MirroredConnection): boolean =>
    connection.endpoint === this.transport.endpoint;

  private async restoreOne(
    mirrored: MirroredConnection,
    found: Connection | null,
    hasStoreLost: boolean,
  ): Promise<void> {
    const { connection } = mirrored;
    if (found !== null && !hasStoreLost) {
      mirrored.channels = found.channels.length === 0 ? null : new Set(found.channels);
      return;
    }
    if (found === null && (await this.store.ensure({ ...connection, channels: [] })) === 'removed') {
      // Others have ended it, and its client does not know.
      await this.close(connection);
      return;
    }
    await this.joinAll(mirrored, found);
    if (this.mirror.get(connection.connectionId) !== undefined) return;
    // It ended in the meantime, perhaps before the store knew of it again.
    const ended = this.mirror.endOf(connection.connectionId);
    if (ended !== undefined && ended.state !== 'asking') await this.settle(ended, false);
  }

  private async settle({ connection, channels, end }: UnsettledEnd, hasStoreLost: boolean): Promise<void> {
    const { connectionId } = connection;
    if (end === null) await this.lifecycle.takeBack(connectionId);
    else {
      if (hasStoreLost && this.isOurs({ connection, channels })) {
        await this.store.ensure({ ...connection, channels: [] });
        await this.joinAll({ connection, channels }, null);
      }
      await this.lifecycle.endQuietly(connectionId, end);
    }
    this.mirror.settle(connectionId);
  }

  /** Without events: nobody left. */
  private async joinAll({ connection, channels }: MirroredConnection, found: Connection | null): Promise<void> {
    for (const channel of channels ?? []) {
      if (found?.channels.includes(channel) !== true) await this.store.join(connection.connectionId, channel);
    }
    await this.lifecycle.restored(connection, channels ?? []);
  }

  private async close({ connectionId, endpoint }: Connection): Promise<void> {
    const target = { connectionId, endpoint: endpoint ?? this.transport.endpoint };
    const { code, reason } = Closes.serviceRestart;
    await this.transport.close(target, { code, reason });
  }
}
