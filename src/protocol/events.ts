/** Who is at the other end, as API Gateway saw it. */
export interface WebSocketIdentity {
  readonly sourceIp: string;
  readonly userAgent?: string;
  /** Events of 2019 and 2020 carried the REST identity's null fields here. */
  readonly [field: string]: unknown;
}

/** What a Lambda authorizer put in its `context`, with its `principalId`. API Gateway turns every value into a string. */
export interface WebSocketAuthorizer {
  readonly principalId?: string;
  /** Read as the connection's user id. */
  readonly userId?: string;
  readonly [key: string]: unknown;
}

/** The fields that all three events share. Optional ones are absent, or `null` in events of 2019 and 2020. */
export interface WebSocketRequestContext {
  readonly connectionId: string;
  readonly routeKey: string;
  readonly eventType?: string;
  readonly messageDirection?: string;
  readonly requestId?: string;
  readonly extendedRequestId?: string;
  /** When the event happened, in Common Log Format: `09/Feb/2024:18:11:43 +0000`. */
  readonly requestTime?: string;
  /** When the event happened, in milliseconds since the Unix epoch. */
  readonly requestTimeEpoch?: number;
  /** When the connection was opened, in milliseconds since the Unix epoch. */
  readonly connectedAt?: number;
  readonly domainName?: string;
  readonly stage?: string;
  readonly apiId?: string;
  readonly identity?: WebSocketIdentity;
  readonly authorizer?: WebSocketAuthorizer | '' | null;
}

/** A client asks to connect. The only event that carries the client's headers and query string. */
export interface WebSocketConnectEvent {
  readonly headers?: Readonly<Record<string, string>> | null;
  readonly multiValueHeaders?: Readonly<Record<string, readonly string[]>> | null;
  /** Absent when the URL had no query. */
  readonly queryStringParameters?: Readonly<Record<string, string>> | null;
  readonly multiValueQueryStringParameters?: Readonly<Record<string, readonly string[]>> | null;
  /** Absent unless the stage has variables. */
  readonly stageVariables?: Readonly<Record<string, string>> | null;
  readonly requestContext: WebSocketRequestContext;
  readonly isBase64Encoded?: boolean;
}

/** A client sent a message. Carries neither headers nor query parameters. */
export interface WebSocketMessageEvent {
  readonly requestContext: WebSocketRequestContext & { readonly messageId?: string | null };
  readonly body?: string | null;
  readonly stageVariables?: Readonly<Record<string, string>> | null;
  readonly isBase64Encoded?: boolean;
}

/** A connection ended. Delivered at best effort: it may be late or missing. Its headers are synthetic, not the client's. */
export interface WebSocketDisconnectEvent {
  readonly headers?: Readonly<Record<string, string>> | null;
  readonly multiValueHeaders?: Readonly<Record<string, readonly string[]>> | null;
  readonly stageVariables?: Readonly<Record<string, string>> | null;
  readonly requestContext: WebSocketRequestContext & {
    /** The close code, e.g. 1005. */
    readonly disconnectStatusCode?: number | null;
    readonly disconnectReason?: string | null;
  };
  readonly isBase64Encoded?: boolean;
}

/** An event that API Gateway invokes the integration of a WebSocket route with. Told apart by `requestContext.eventType`. */
export type WebSocketEvent = WebSocketConnectEvent | WebSocketMessageEvent | WebSocketDisconnectEvent;
