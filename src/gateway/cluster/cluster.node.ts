import type { ConnectionLifecycle } from '../../connections/connection.lifecycle.js';
import type { ConnectionMirror } from '../../connections/connection.mirror.js';
import { monotonicNow, type CancelTask, type Clock } from '../../contracts/clock.js';
import type { ConnectionStore } from '../../contracts/connection.store.js';
import type { DeliveryAttempt } from '../../contracts/connection.transport.js';
import type { Lease, NodeRegistry } from '../../contracts/node.registry.js';
import type { Log } from '../../logging/log.js';
import type { ResolvedClusterOptions } from '../../options/cluster.options-resolver.js';
import type { NodeRequest } from '../../transports/cluster/bus.message.js';
import type { MailboxOwner, NodeMailbox } from '../../transports/cluster/node.mailbox.js';
import { newLocalEndpoint } from '../../transports/local/local.endpoint.js';
import type { LocalTransport } from '../../transports/local/local.transport.js';
import { DeadNodes } from './dead.nodes.js';
import { MirrorRestoration } from './mirror.restoration.js';
import { elapsedMs, momentOf, type Moment } from './moment.js';
import { NodeRequests } from './node.requests.js';

export interface ClusterNodeContext {
  readonly store: ConnectionStore;
  readonly registry: NodeRegistry;
  readonly lifecycle: ConnectionLifecycle;
  readonly transport: LocalTransport;
  readonly mailbox: NodeMailbox;
  readonly mirror: ConnectionMirror;
  readonly clock: Clock;
  readonly options: ResolvedClusterOptions;
  readonly log: Log;
}

/** A lease outlives two renewals that fail. */
const RENEWALS_PER_LEASE = 3;

/** How soon after a failure it tries again, in milliseconds. */
const TRY_AGAIN_MS = 1_000;

/** How often this node looks whether what it knows of its connections is what the store knows, in leases. */
const REFRESH_EVERY_LEASES = 20;

/**
 * This gateway as a node among others: it holds a lease, serves the others' requests for its sockets, ends the connections of nodes that died, and
 * brings the store up to date after one was away from the other.
 */
export class ClusterNode implements MailboxOwner {
  private readonly requests: NodeRequests;
  private readonly deadNodes: DeadNodes;
  private readonly restoration: MirrorRestoration;
  private lease: Lease | undefined;
  /** Since when every renewal has succeeded. */
  private undisturbedSince: number | undefined;
  private renewedAt: Moment | undefined;
  private refreshedAt: number;
  private isRestorationDue = false;
  private hasStoreLost = false;
  private hasStrangers = false;
  private cancel: CancelTask | undefined;
  private beating: Promise<void> | undefined;
  private tending: Promise<void> | undefined;
  private isStopped = false;

  constructor(private readonly context: ClusterNodeContext) {
    const { store, registry, lifecycle, transport, mirror, clock, options, log } = context;
    this.requests = new NodeRequests(transport, lifecycle);
    this.deadNodes = new DeadNodes(store, registry, lifecycle, clock, options.leaseMs, log);
    this.restoration = new MirrorRestoration(store, lifecycle, transport, mirror, clock, options.leaseMs);
    this.refreshedAt = monotonicNow(clock);
  }

  /** Becomes a node. Resolves also when the store is away: then it goes on trying. */
  async start(): Promise<void> {
    const { lifecycle, mirror } = this.context;
    mirror.relyOn(() => (this.isCertain ? undefined : this.beat()));
    lifecycle.observe(mirror);
    await this.beat();
  }

  /** Stops being one, once its sockets are closed. Where the store has not heard of all that, others end what is left. */
  async stop(): Promise<void> {
    this.isStopped = true;
    this.cancel?.();
    await this.beating;
    await this.tending;
    const { registry, mirror } = this.context;
    try {
      await this.restoration.settleEnds(false);
      const isUnsettled = [...mirror.unsettledEnds].some(({ state }) => state !== 'unknown');
      if (mirror.size === 0 && !isUnsettled) await registry.leave(this.nodeId);
    } catch {
      // The lease runs out by itself, and others end what is left.
    }
  }

  serve(request: NodeRequest): Promise<readonly DeliveryAttempt[]> {
    return this.requests.serve(request);
  }

  joined(connectionId: string, channel: string): void {
    this.context.mirror.joined(connectionId, channel);
  }

  left(connectionId: string, channel: string): void {
    this.context.mirror.left(connectionId, channel);
  }

  resumed(): void {
    // What others changed while nothing was heard is not known here, and the server may be an empty one.
    this.isRestorationDue = true;
    void this.beat();
  }

  /** Whether nobody can have taken this node for dead yet. A process that was stopped finds out by the time that has passed. */
  private get isCertain(): boolean {
    const { clock, options } = this.context;
    return this.renewedAt !== undefined && elapsedMs(clock, this.renewedAt) < options.leaseMs;
  }

  private get nodeId(): string {
    return this.context.transport.endpoint.slice('local:'.length);
  }

  /** Renews the lease, and does so again and again. */
  private beat(): Promise<void> {
    if (this.isStopped) return Promise.resolve();
    return (this.beating ??= this.beatOnce().finally(() => (this.beating = undefined)));
  }

  private async beatOnce(): Promise<void> {
    this.cancel?.();
    const { clock, options, mailbox } = this.context;
    const everyMs = options.leaseMs / RENEWALS_PER_LEASE;
    let delayMs = everyMs;
    try {
      await mailbox.openFor(this);
      await this.renew();
      this.undisturbedSince ??= monotonicNow(clock);
      this.tend();
    } catch (error) {
      if (this.undisturbedSince !== undefined) {
        this.context.log.warn('node.unrenewed', 'This node cannot renew its lease, and tries again.', { error });
      }
      this.undisturbedSince = undefined;
      this.isRestorationDue = true;
      delayMs = Math.min(everyMs, TRY_AGAIN_MS);
    }
    if (this.isStopped) return;
    this.cancel = clock.after(delayMs, () => void this.beat());
  }

  private async renew(): Promise<void> {
    const { registry, options } = this.context;
    const { lease } = this;
    // Not later than the store counts from.
    const now = momentOf(this.context.clock);
    const renewal = lease === undefined ? 'forgotten' : await registry.renew(this.nodeId, options.leaseMs, lease);
    if (typeof renewal === 'object') {
      // Asleep for so long, as a suspended machine is, it knows nothing of the others: they may have been, too.
      if (!this.isCertain) this.undisturbedSince = undefined;
      this.hold(renewal, now);
      return;
    }
    if (renewal === 'fenced') {
      await this.startAnew();
      return;
    }
    if (lease !== undefined) this.noteLoss();
    const joined = await registry.join(this.nodeId, options.leaseMs);
    if (joined === 'fenced') await this.startAnew();
    else this.hold(joined, now);
  }

  private hold(lease: Lease, now: Moment): void {
    this.lease = lease;
    this.renewedAt = now;
  }

  private noteLoss(): void {
    this.context.log.warn(
      'node.forgotten',
      'The store has lost what was written to it: this node registers its connections again.',
    );
    this.hasStoreLost = true;
    this.isRestorationDue = true;
    this.undisturbedSince = undefined;
    this.lease = undefined;
  }

  /** Others took this process for dead and ended its connections: their clients are to come back, to a node by another name. */
  private async startAnew(): Promise<void> {
    const { transport, mailbox, registry, options, clock, log } = this.context;
    log.warn(
      'node.fenced',
      'This node was taken for dead, because it gave no sign of life for longer than its lease: its clients are told to connect again.',
    );
    this.lease = undefined;
    this.undisturbedSince = undefined;
    this.hasStrangers = true;
    transport.rename(newLocalEndpoint());
    this.hasStrangers = await this.restoration.closeStrangers();
    await mailbox.rename(this.nodeId);
    const now = momentOf(clock);
    const joined = await registry.join(this.nodeId, options.leaseMs);
    if (joined !== 'fenced') this.hold(joined, now);
  }

  /** Everything but the lease, which must not wait for it. */
  private tend(): void {
    if (this.isStopped) return;
    this.tending ??= this.tendOnce()
      .catch(() => {
        // The store failed in the middle; the next beat finds out how it is.
        this.isRestorationDue = true;
      })
      .finally(() => (this.tending = undefined));
  }

  private async tendOnce(): Promise<void> {
    const { clock, options } = this.context;
    if (this.hasStrangers) this.hasStrangers = await this.restoration.closeStrangers();
    if (this.isRestorationDue) await this.restoreAll();
    else await this.restoration.settleEnds(false);
    const undisturbedMs = this.undisturbedSince === undefined ? 0 : monotonicNow(clock) - this.undisturbedSince;
    // After an outage everybody has to come back first, or the living would bury one another.
    if (undisturbedMs >= options.leaseMs) await this.deadNodes.bury();
    if (undisturbedMs >= 2 * options.leaseMs) await this.deadNodes.audit();
    if (monotonicNow(clock) - this.refreshedAt < REFRESH_EVERY_LEASES * options.leaseMs) return;
    this.refreshedAt = monotonicNow(clock);
    await this.restoration.restore(false);
  }

  private async restoreAll(): Promise<void> {
    const { hasStoreLost } = this;
    this.isRestorationDue = false;
    await this.restoration.restore(hasStoreLost);
    await this.restoration.settleEnds(hasStoreLost);
    await this.restoration.endGhosts();
    // Only now: had it failed before, the next try would have to know.
    if (!this.isRestorationDue) this.hasStoreLost = false;
  }
}
