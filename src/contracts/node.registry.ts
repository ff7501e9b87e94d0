/** A node's hold on its name, for a while. */
export interface Lease {
  /** When it ends, by the clock of the store (epoch ms): compared with nothing but what the store says later. */
  readonly until: number;
}

/**
 * What became of a renewal. `forgotten`: the store does not know the lease, or an earlier one than this, so it has lost what was written to it;
 * `fenced`: the node counts as dead, others end its connections, and it must not use its name again.
 */
export type Renewal = Lease | 'forgotten' | 'fenced';

/**
 * Which nodes there are: each has a lease that it renews, and whose lease has run out is dead once another node says so.
 *
 * Each operation is one atomic step, by the clock of the store, and rejects with `StoreUnavailableError` when the store cannot answer.
 */
export abstract class NodeRegistry {
  /** Takes a lease, new or again. */
  abstract join(nodeId: string, leaseMs: number): Promise<Lease | 'fenced'>;

  /** Makes a lease last for `leaseMs` from now, if the store still knows of it. */
  abstract renew(nodeId: string, leaseMs: number, lease: Lease): Promise<Renewal>;

  /** Gives the lease up: no connection is this node's any more. */
  abstract leave(nodeId: string): Promise<void>;

  /** Every node that has a lease or had one, and was not buried. */
  abstract nodes(): Promise<string[]>;

  /** Those of them whose lease has run out. */
  abstract expired(): Promise<string[]>;

  /**
   * Takes it upon the caller, for `lockMs`, to end the connections of a node, or keeps that for longer. Resolves `false` while its lease lasts, or
   * another is at it. From then on the node is fenced.
   *
   * @param claimant tells this caller from others
   */
  abstract claim(nodeId: string, claimant: string, lockMs: number): Promise<boolean>;

  /** Forgets a node whose connections have ended; it stays fenced for a day. */
  abstract buried(nodeId: string): Promise<void>;

  /** Whether the caller is the one to look, this time, for connections whose node nobody knows: once in `everyMs`, over all nodes. */
  abstract isAuditDue(everyMs: number): Promise<boolean>;
}
