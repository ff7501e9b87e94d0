interface EventFields {
  readonly connectionId?: string;
  readonly userId?: unknown;
  readonly connectedAt?: number;
  readonly domainName?: string;
  readonly stage?: string;
}

let lastId = 0;

/** A connection id of API Gateway's shape that no other test has. */
export function newConnectionId(): string {
  return `${String(++lastId).padStart(15, 'C')}=`;
}

function context(fields: EventFields, routeKey: string, eventType: string) {
  const { connectionId = newConnectionId(), userId, connectedAt = Date.now() - 60_000, ...rest } = fields;
  return {
    routeKey,
    eventType,
    connectionId,
    connectedAt,
    messageDirection: 'IN',
    stage: 'prod',
    apiId: 'abcd123',
    domainName: 'abcd123.execute-api.eu-west-1.amazonaws.com',
    identity: { sourceIp: '192.0.2.1' },
    ...(userId !== undefined && { authorizer: { principalId: 'p', userId } }),
    ...rest,
  };
}

/** A `$connect` as API Gateway sends it, in short. */
export function connect(fields: EventFields = {}) {
  return { headers: { Host: 'h' }, requestContext: context(fields, '$connect', 'CONNECT'), isBase64Encoded: false };
}

/** A message; `body` is sent as JSON unless it is a string. */
export function message(connectionId: string, body: unknown, routeKey = '$default', fields: EventFields = {}) {
  return {
    requestContext: { ...context({ ...fields, connectionId }, routeKey, 'MESSAGE'), messageId: 'M' },
    body: typeof body === 'string' ? body : JSON.stringify(body),
    isBase64Encoded: false,
  };
}

/** A `$disconnect`. */
export function disconnect(connectionId: string, code = 1005, reason = 'Client-side close frame status not set') {
  return {
    requestContext: {
      ...context({ connectionId }, '$disconnect', 'DISCONNECT'),
      disconnectStatusCode: code,
      disconnectReason: reason,
    },
    isBase64Encoded: false,
  };
}
