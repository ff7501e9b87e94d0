/**
 * API Gateway's fixed WebSocket quotas, in bytes and seconds
 * (AWS: "Quotas for configuring and running a WebSocket API in API Gateway").
 */
export const ApiGatewayLimits = Object.freeze({
  /** The largest message in either direction, 128 KB. */
  messageBytes: 131_072,
  /** The largest single frame from a client, 32 KB. Browsers send a message as one frame. */
  frameBytes: 32_768,
  /** The longest life of a connection, 2 hours. */
  connectionSeconds: 7_200,
  /** How long a connection may carry no data, 10 minutes. */
  idleSeconds: 600,
  /** The largest answer of an authorizer, 8 KB of JSON. */
  authorizerResultBytes: 8_192,
  /** How long `$connect`, and any other route, may take to answer. */
  integrationTimeoutMs: 29_000,
});

/** Names longer than these are refused, so that no name grows a key or a log line without bound. */
export const NameLimits = Object.freeze({
  channelChars: 200,
  userIdChars: 256,
  connectionIdChars: 128,
  routeKeyChars: 128,
});
