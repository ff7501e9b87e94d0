/** What the package logs, and where. */
export interface LoggingOptions {
  /** Whether to tell of every connection and event, at Nest's level `debug`. @default process.env.WEBSOCKET_DEBUG, then false */
  readonly debug?: boolean;

  /** The context that Nest's logger is given with every line. @default process.env.WEBSOCKET_LOG_CHANNEL, then 'WebSocket' */
  readonly channel?: string;

  /** A file that errors and warnings are appended to besides, as lines of JSON. @default process.env.WEBSOCKET_ERROR_LOG, then none */
  readonly errorFile?: string;
}
