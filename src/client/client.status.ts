/**
 * - `disconnected`: not wanted: before `connect()`, and after `close()`.
 * - `connecting`, `reconnecting`: on the way, or waiting for the next attempt.
 * - `failed`: the server will not have this client as it is; `connect()` tries again.
 */
export type ClientStatus = 'disconnected' | 'connecting' | 'connected' | 'reconnecting' | 'failed';

export interface ClientStatusEvent {
  readonly status: ClientStatus;
  /** The close code of the connection that ended (RFC 6455 section 7.4). */
  readonly code?: number;
  readonly reason?: string;
  /** How many attempts are made in a row, with the next one. */
  readonly attempt?: number;
  /** When that is. */
  readonly retryInMs?: number;
}
