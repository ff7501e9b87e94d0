import type { NodeRegistry } from './node.registry.js';

/** What became of a message to a node. `unheard`: it has a lease, and certainly nobody listened; `no-lease`: there is no such node. */
export type Posting = 'sent' | 'unheard' | 'no-lease';

/** What comes in by the bus. Whatever can write to the store's server can send it: it is for the receiver to judge. */
export interface BusListener {
  /** A message of another process, as it came. */
  message(bytes: Uint8Array): void;
  /** A connection of this node was made a member of a channel, by whichever process. */
  joined(connectionId: string, channel: string): void;
  left(connectionId: string, channel: string): void;
  /** It listens again after it did not: what was sent meanwhile is lost. */
  resumed(): void;
}

/**
 * Carries messages between the processes that share a store. At most once, and in the order in which one process sent them to another; what nobody
 * listens to is lost.
 */
export abstract class NodeBus {
  /**
   * Sends to a node that has a lease.
   *
   * @throws StoreUnavailableError when that may not have happened
   */
  abstract post(nodeId: string, message: Uint8Array): Promise<Posting>;

  /**
   * Sends to whoever listens under a name, node or not.
   *
   * @throws StoreUnavailableError
   */
  abstract answer(name: string, message: Uint8Array): Promise<void>;

  /**
   * Listens under a name until {@link unsubscribe}, and by itself again after an outage. Resolves when it does.
   *
   * @throws StoreUnavailableError when that takes too long; it goes on trying
   */
  abstract subscribe(name: string, listener: BusListener): Promise<void>;

  abstract unsubscribe(name: string): Promise<void>;
}

/** What a store offers to processes that share it as the nodes of a cluster. */
export interface StoreCluster {
  readonly bus: NodeBus;
  readonly registry: NodeRegistry;
}
