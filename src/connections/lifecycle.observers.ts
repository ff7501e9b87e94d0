import type { Connection, DisconnectCause } from '../contracts/connection.js';
import type { JoinResult, LeaveResult } from '../contracts/connection.store.js';
import type { CloseOptions } from '../contracts/connection.transport.js';
import type { WebSocketDisconnectEvent } from '../protocol/events.js';

/** Why and how a connection ended. */
export interface ConnectionEnd {
  readonly cause: DisconnectCause;
  readonly code?: number | null;
  readonly reason?: string | null;
  readonly eventData?: WebSocketDisconnectEvent;
}

/** Is told what becomes of connections in this process, whether or not the store has heard of it. Must not throw. */
export interface LifecycleObserver {
  /** A connection is about to be stored. */
  opening(connection: Connection): void;
  /** Whether a connection may be registered that sent a message and may be forgotten: not where this process was taken for dead. */
  mayRestore(connection: Connection): boolean | Promise<boolean>;
  /** The store had forgotten a connection, and knows it again. */
  restored(connection: Connection): void;
  /** The store is about to be told of an end; of a connection that was refused, `end` is `null`. */
  ending(connectionId: string, end: ConnectionEnd | null): void;
  /** The store has heard of it; it may have known of no such connection. */
  hasEnded(connectionId: string, wasKnown: boolean): void;
  /** The store did not answer. */
  endFailed(connectionId: string): void;
}

/** Is told what is asked of connections, whatever comes of it: what a test wants to know. Must not throw. */
export interface LifecycleRecorder {
  joining(connectionId: string, channel: string, result: JoinResult): void;
  leaving(connectionId: string, channel: string, result: LeaveResult): void;
  /** The server is to close a connection, which may not exist. */
  closing(connectionId: string, options: CloseOptions): void;
}

/** Follows who is in the channels that concern it, however connections come to be there and stop being there. */
export interface MembershipObserver {
  concerns(channel: string): boolean;
  /** The application joined a connection to a channel, or it was in it already. What this throws, the application gets. */
  joined(connection: Connection, channel: string): Promise<void>;
  /** A connection is not in a channel any more. What this throws goes to whoever took it out. */
  left(connection: Connection, channel: string): Promise<void>;
  /** A connection was removed, with its channels. Must not throw. */
  ended(connection: Connection): Promise<void>;
  /** A connection was to be removed that the store knows nothing of, or that nobody will try to remove again. Must not throw. */
  endedUnknown(connectionId: string): void;
  /** The store had forgotten that a connection is in these channels, and knows it again. */
  restored(connection: Connection, channels: readonly string[]): Promise<void>;
}
