import type { Reconnection } from '../protocol/close-codes.js';
import type { ClientSocketConstructor } from './client.socket.js';

/** Where the client reads the time and sets its timers; give your own to control time in tests. */
export interface ClientClock {
  /** Milliseconds since the Unix epoch. */
  now(): number;
  /** Runs `task` once after `delayMs` milliseconds; what it returns cancels that. */
  after(delayMs: number, task: () => void): () => void;
}

export interface ReconnectOptions {
  /**
   * What the first wait is drawn below; it doubles with each attempt.
   * @default 1_000
   */
  readonly minDelayMs?: number;
  /**
   * What no wait is longer than.
   * @default 60_000
   */
  readonly maxDelayMs?: number;
  /**
   * How long a connection has to last before the waits begin anew.
   * @default 5_000
   */
  readonly stableMs?: number;
  /** When to come back after a close code; `undefined` leaves it to the table of close codes. */
  readonly whenClosed?: (code: number, reason: string) => Reconnection | undefined;
}

export interface WebSocketClientOptions {
  /** Where to connect to; one that just failed is tried last. */
  readonly urls: string | readonly string[];
  /**
   * Whether several URLs are taken in turn, or drawn.
   * @default 'round-robin'
   */
  readonly select?: 'round-robin' | 'random';
  /** Asked for the token before each connection, and by `refreshToken()`. */
  readonly token?: () => string | Promise<string>;
  /**
   * The name of the query parameter in which the token travels; `null` where `protocols` carry it.
   * @default 'token'
   */
  readonly tokenParameter?: string | null;
  /** The subprotocols to offer, or what tells them from the token. */
  readonly protocols?: readonly string[] | ((token: string | undefined) => readonly string[]);
  /**
   * The constructor of WebSockets; needed on Node 20, e.g. that of `ws`.
   * @default globalThis.WebSocket
   */
  readonly WebSocket?: ClientSocketConstructor;
  readonly reconnect?: ReconnectOptions;
  /** Pings at least this often; the server may ask for more. */
  readonly pingSeconds?: number;
  /**
   * How long a request may take, reconnecting and retrying included.
   * @default 10_000
   */
  readonly requestTimeoutMs?: number;
  /**
   * How many requests may wait for a connection.
   * @default 100
   */
  readonly maxQueued?: number;
  readonly clock?: ClientClock;
  /** Numbers from 0 to 1, for waits and drawing. */
  readonly random?: () => number;
}
