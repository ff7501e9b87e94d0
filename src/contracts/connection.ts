/** What is remembered of one connection from its `$connect` to its end. */
export interface Connection {
  /** API Gateway's id of the connection, e.g. `BFHPhfCWIAMCKlQ=`. */
  readonly connectionId: string;
  /** When the connection was opened, in milliseconds since the Unix epoch. */
  readonly connectedAt: number;
  /** `requestContext.authorizer.userId` as a string, `null` for an anonymous connection. */
  readonly userId: string | null;
  /** The route whose event registered the connection: `$connect`, or another when a forgotten connection was registered again. */
  readonly routeKey: string;
  /** The channels that the connection is in, in the order in which it joined them. */
  readonly channels: readonly string[];
  /** Where messages to the connection go: a Management API endpoint, `local:…` for a socket of the embedded gateway, `null` when unknown. */
  readonly endpoint: string | null;
}

/** Why a connection ended: its own close, a 410 answer, the stale sweep, or the server: a call of `disconnect`, or an application that closes. */
export type DisconnectCause = 'client' | 'gone' | 'stale' | 'server';
