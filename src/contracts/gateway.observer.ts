/** Who ended a connection: the client, the server, or nobody who said so, when the network failed or the client vanished. */
export type ClosedBy = 'client' | 'server' | 'nobody';

/** Is told what happens at the embedded gateway, to count it and to log it. Must not throw, and must not keep what it is told of. */
export abstract class GatewayObserver {
  /** A handshake ended without a WebSocket. @param connectionId `null` when it did not get as far as to have one */
  abstract refused(status: number, connectionId: string | null): void;

  abstract opened(connectionId: string): void;

  abstract closed(connectionId: string, by: ClosedBy, code: number): void;

  /** A message came in. */
  abstract received(bytes: number): void;

  /**
   * A message was answered.
   *
   * @param routeKey one of the route table's, `null` when none matched
   * @param status what the handler answered, 504 when that took too long
   */
  abstract handled(connectionId: string, routeKey: string | null, status: number, durationMs: number): void;

  /** A message was written to a socket. */
  abstract sent(bytes: number): void;

  /** A message was not written, because too much waits for its client already; told of the first such message. */
  abstract slowed(connectionId: string): void;
}
