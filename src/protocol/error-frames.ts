/**
 * The frames that API Gateway itself sends to a client, byte for byte, odd spacing included. Captured by users:
 * aws-samples/simple-websockets-chat-app#24, nearst/laconia#41, aws/chalice#1406.
 */
export const ErrorFrames = Object.freeze({
  /** No route matched and there is no `$default`. */
  forbidden: (connectionId: string, requestId: string): string => frame('Forbidden', connectionId, requestId),
  /** The integration threw, or answered with something malformed. */
  internalServerError: (connectionId: string, requestId: string): string =>
    frame('Internal server error', connectionId, requestId),
  /** The integration did not answer within 29 seconds. */
  timedOut: (connectionId: string, requestId: string): string =>
    frame('Endpoint request timed out', connectionId, requestId),
  /** What a message was refused with. API Gateway has no frame for 401, 413 and 429: these are its words for them over HTTP. */
  ofStatus: (status: number, connectionId: string, requestId: string): string =>
    frame(REFUSALS[status] ?? 'Internal server error', connectionId, requestId),
});

const REFUSALS: Readonly<Record<number, string>> = Object.freeze({
  401: 'Unauthorized',
  413: 'Request Too Long',
  429: 'Too Many Requests',
});

function frame(message: string, connectionId: string, requestId: string): string {
  return `{"message": "${message}", "connectionId":"${connectionId}", "requestId":"${requestId}"}`;
}
