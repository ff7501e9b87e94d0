/** A pair of keys that requests to the embedded gateway's `@connections` must be signed with. */
export interface GatewayCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** How the embedded gateway listens and routes. */
export interface EmbeddedGatewayOptions {
  /** The path of the WebSocket endpoint; `@connections` is below it. @default '/ws' */
  readonly path?: string;

  /** A port of its own; 0 takes a free one. @default the Nest application's HTTP server */
  readonly port?: number;

  /** The address to listen on; only with `port`. @default '127.0.0.1' */
  readonly host?: string;

  /** `requestContext.stage` of the events. @default the path without its slashes */
  readonly stage?: string;

  /** `requestContext.apiId` of the events. @default 'local' */
  readonly apiId?: string;

  /** How a message selects its route, in API Gateway's syntax. @default '$request.body.action' */
  readonly routeSelectionExpression?: string;

  /** The route keys that exist; `$default` is one of them if listed. @default those that the application has listeners for */
  readonly routes?: readonly string[];

  /** The route keys whose listeners' return value is sent back to the client. @default none */
  readonly routeResponses?: readonly string[];

  /** The largest message from a client, in bytes; a larger one closes the connection with 1009. @default the option `maxBodyBytes` */
  readonly maxMessageBytes?: number;

  /** How many messages of one connection are handled at once; more are left in the socket until one is done. @default 64 */
  readonly maxInFlightMessages?: number;

  /** How many bytes may wait for a client that reads slowly before sends to it are `throttled`. @default 1_048_576 */
  readonly maxBufferedBytes?: number;

  /** Keys for `@connections`. Without them it answers 403 to everyone. @default none */
  readonly credentials?: GatewayCredentials;

  /** The region that requests to `@connections` must be signed for. @default any */
  readonly region?: string;
}
