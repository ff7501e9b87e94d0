import type { AdmissionLedger } from './admission.ledger.js';
import type { AnswerBox } from './answer.box.js';
import type { BroadcastLedger } from './broadcast.ledger.js';
import type { ChannelHistory } from './channel.history.js';
import type { Connection } from './connection.js';
import type { StoreCluster } from './node.bus.js';
import type { PresenceLedger } from './presence.ledger.js';
import type { RateBuckets } from './rate.buckets.js';
import type { RequestClaims } from './request.claims.js';
import type { RequestQuota } from './request.budget.js';

/** What became of a join. `limit` means that the connection is in as many channels as it may be. */
export type JoinResult = 'joined' | 'already' | 'full' | 'limit' | 'unknown-connection';

/** What became of a leave. */
export type LeaveResult = 'left' | 'not-a-member' | 'unknown-connection';

/** What {@link ConnectionStore.ensure} found or did. `removed`: it ended less than a minute ago and was not brought back. */
export type EnsureResult = 'present' | 'restored' | 'removed';

/** Counts that a join must not exceed. `undefined` means unlimited. */
export interface JoinLimits {
  /** The most connections the channel may have. */
  readonly maxMembers?: number;
  /** The most channels the connection may be in. */
  readonly maxChannels?: number;
}

/** What a message needs to know of a connection to reach it. */
export type Recipient = Pick<Connection, 'connectionId' | 'connectedAt' | 'endpoint'>;

/** A channel that has at least one member. */
export interface ChannelOccupancy {
  readonly channel: string;
  readonly members: number;
}

/**
 * The state behind the module: which connections exist, whose they are, and which channels they are in.
 *
 * The class is both the type and the injection token. Each operation is one atomic step however many callers
 * run it at once, and rejects with `StoreUnavailableError` when the store cannot answer, never with an empty result.
 * Names arrive validated; an implementation encodes them so that none can forge another's key.
 */
export abstract class ConnectionStore {
  /**
   * Registers a connection, in no channels yet, and resolves `true`; `false`, changing nothing, when the id is registered already.
   */
  abstract add(connection: Connection): Promise<boolean>;

  /**
   * Registers the connection unless it is registered, or was removed within the last minute: a message that was in
   * flight when its connection ended must not bring it back.
   */
  abstract ensure(connection: Connection): Promise<EnsureResult>;

  /**
   * Removes a connection from everywhere and resolves what it was, with the channels it left. Of callers that race,
   * exactly one receives it; the others receive `null`.
   */
  abstract remove(connectionId: string): Promise<Connection | null>;

  /** The connections with these ids, in their order; `null` where there is none. */
  abstract findMany(connectionIds: readonly string[]): Promise<(Connection | null)[]>;

  /** Adds a connection to a channel. On a connection that no longer exists it changes nothing, whatever it races with. */
  abstract join(connectionId: string, channel: string, limits?: JoinLimits): Promise<JoinResult>;

  /** Takes a connection out of a channel. */
  abstract leave(connectionId: string, channel: string): Promise<LeaveResult>;

  /** Postpones the expiry and the staleness of a connection that is known to be alive at `seenAt` (epoch ms). */
  abstract touch(connectionId: string, seenAt: number): Promise<void>;

  /** The ids of every connection, page by page; an id may repeat when the set changes meanwhile. */
  abstract connections(): AsyncIterable<readonly string[]>;

  /** The ids of a channel's members, page by page; an id may repeat when the set changes meanwhile. */
  abstract members(channel: string): AsyncIterable<readonly string[]>;

  /** The members of a channel, or with `null` all connections, as messages need them, page by page; one may repeat when the set changes meanwhile. */
  async *recipients(channel: string | null): AsyncIterable<readonly Recipient[]> {
    for await (const page of channel === null ? this.connections() : this.members(channel)) {
      yield (await this.findMany(page)).filter((connection) => connection !== null);
    }
  }

  /** The ids of a user's connections. */
  abstract connectionsOfUser(userId: string): Promise<string[]>;

  /**
   * The ids of connections last known to be alive before `instant` (epoch ms), page by page. Ids whose connection is gone may be among
   * them, for `remove` to tidy up.
   */
  abstract staleBefore(instant: number): AsyncIterable<readonly string[]>;

  /** The channels that have members, page by page. */
  abstract channels(): AsyncIterable<readonly ChannelOccupancy[]>;

  /** How many connections there are. */
  abstract countConnections(): Promise<number>;

  /** Where the workers of a broadcast agree on who does what; `null` where this store has no place for it. */
  broadcasts(): BroadcastLedger | null {
    return null;
  }

  /** A request budget for all processes that share the store; `null` where it cannot keep one. */
  requestQuota(): RequestQuota | null {
    return null;
  }

  /** What makes the processes that share the store a cluster; `null` where it cannot carry their messages. */
  cluster(): StoreCluster | null {
    return null;
  }

  /** Where processes agree on who was let in, and how many there are; `null` where this store has no place for it. */
  admissions(): AdmissionLedger | null {
    return null;
  }

  /** Token buckets for all processes that share the store; `null` where it cannot keep any. */
  rateBuckets(): RateBuckets | null {
    return null;
  }

  /** Who is in which presence channel; `null` where this store has no place for it. */
  presence(): PresenceLedger | null {
    return null;
  }

  /** The last messages of channels; `null` where this store has no place for them. */
  history(): ChannelHistory | null {
    return null;
  }

  /** Which requests of clients were taken up already; `null` where this store has no place for it. */
  claims(): RequestClaims | null {
    return null;
  }

  /** Where answers of clients come together; `null` where this store has no place for them. */
  answers(): AnswerBox | null {
    return null;
  }

  /** Resolves when the store answers, and rejects like every other operation when it does not. Asks for a connection that there is none of. */
  async ping(): Promise<void> {
    await this.findMany(['ping']);
  }

  /** Releases what the store itself opened. */
  async close(): Promise<void> {}
}
