const context = (connectionId, routeKey, eventType) => ({
  routeKey,
  eventType,
  connectionId,
  connectedAt: 1_767_225_600_000,
  requestTimeEpoch: 1_767_225_660_000,
  requestTime: '01/Jan/2026:00:01:00 +0000',
  extendedRequestId: 'BFHPiGvNoAMFr4g=',
  requestId: 'BFHPiGvNoAMFr4g=',
  messageDirection: 'IN',
  stage: 'production',
  apiId: 'abcd123',
  domainName: 'abcd123.execute-api.eu-west-1.amazonaws.com',
  identity: { userAgent: 'Mozilla/5.0', sourceIp: '192.0.2.1' },
  authorizer: { principalId: 'user', userId: connectionId.slice(0, 6) },
});

/** Connection ids of API Gateway's shape. */
export const connectionIds = (count) =>
  Array.from({ length: count }, (_, index) => `${index.toString(36).padStart(15, 'A')}=`);

export const connectEvent = (connectionId) => ({
  headers: { Host: 'abcd123.execute-api.eu-west-1.amazonaws.com', 'Sec-WebSocket-Version': '13' },
  multiValueHeaders: { Host: ['abcd123.execute-api.eu-west-1.amazonaws.com'], 'Sec-WebSocket-Version': ['13'] },
  requestContext: context(connectionId, '$connect', 'CONNECT'),
  isBase64Encoded: false,
});

export const messageEvent = (connectionId) => ({
  requestContext: { ...context(connectionId, '$default', 'MESSAGE'), messageId: 'BFHPidGnoAMCKlQ=' },
  body: '{"action":"message","data":{"text":"hello"}}',
  isBase64Encoded: false,
});

export const disconnectEvent = (connectionId) => ({
  requestContext: {
    ...context(connectionId, '$disconnect', 'DISCONNECT'),
    disconnectStatusCode: 1001,
    disconnectReason: 'Going away',
  },
  isBase64Encoded: false,
});
