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
});

function frame(message: string, connectionId: string, requestId: string): string {
  return `{"message": "${message}", "connectionId":"${connectionId}", "requestId":"${requestId}"}`;
}
