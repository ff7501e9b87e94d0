import { randomUUID } from 'node:crypto';
import type { ConnectionLifecycle } from '../../connections/connection.lifecycle.js';
import type { Clock } from '../../contracts/clock.js';
import type { ConnectionStore } from '../../contracts/connection.store.js';
import type { NodeRegistry } from '../../contracts/node.registry.js';
import { forEachAtMost } from '../../fanout/concurrency.gate.js';
import { tellEvery } from '../../fanout/progress.ticker.js';
import type { Log } from '../../logging/log.js';
import { nodeOf } from '../../transports/local/local.endpoint.js';

const ENDS_AT_ONCE = 64;

/** How many leases lie between two looks for connections of nodes that nobody knows: it reads all connections there are. */
const AUDIT_EVERY_LEASES = 20;

/** Ends the connections of nodes that are no more. Whoever claims a dead node does it; if that one dies too, another takes over. */
export class DeadNodes {
  private readonly lockMs: number;
  private readonly claimant = randomUUID();

  constructor(
    private readonly store: ConnectionStore,
    private readonly registry: NodeRegistry,
    private readonly lifecycle: ConnectionLifecycle,
    private readonly clock: Clock,
    private readonly leaseMs: number,
    private readonly log: Log,
  ) {
    this.lockMs = Math.ceil((leaseMs * 2) / 3);
  }

  /** Ends the connections of nodes whose lease has run out. */
  async bury(): Promise<void> {
    await this.end(await this.registry.expired());
  }

  /** Looks, when it is this node's turn, for connections of nodes that never had a lease or lost it, and ends them. */
  async audit(): Promise<void> {
    if (!(await this.registry.isAuditDue(this.leaseMs * AUDIT_EVERY_LEASES))) return;
    const found = new Set<string>();
    for await (const page of this.store.recipients(null)) {
      for (const { endpoint } of page) {
        const nodeId = nodeOf(endpoint);
        if (nodeId !== null) found.add(nodeId);
      }
    }
    // Asked afterwards: who joined meanwhile is known.
    for (const nodeId of await this.registry.nodes()) found.delete(nodeId);
    await this.end([...found]);
  }

  private async end(nodeIds: readonly string[]): Promise<void> {
    const claimed = new Set<string>();
    for (const nodeId of nodeIds) if (await this.claim(nodeId)) claimed.add(nodeId);
    if (claimed.size === 0) return;
    const stopHolding = tellEvery(this.clock, this.lockMs / 3, () => {
      for (const nodeId of claimed) void this.claim(nodeId).catch(() => false);
    });
    let ended = 0;
    try {
      for await (const page of this.store.recipients(null)) {
        const theirs = page.filter(({ endpoint }) => claimed.has(nodeOf(endpoint) ?? ''));
        await forEachAtMost(ENDS_AT_ONCE, theirs, async ({ connectionId }) => {
          if (await this.lifecycle.endQuietly(connectionId, { cause: 'gone' })) ended++;
        });
      }
      for (const nodeId of claimed) await this.registry.buried(nodeId);
    } finally {
      stopHolding();
    }
    this.log.warn(
      'node.dead',
      `Nodes that gave no sign of life any more: ${claimed.size}. Their connections were ended: ${ended}.`,
    );
  }

  private claim(nodeId: string): Promise<boolean> {
    return this.registry.claim(nodeId, this.claimant, this.lockMs);
  }
}
