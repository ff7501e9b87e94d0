import type { WebSocketConnectEvent } from 'nestjs-apigateway-websocket';
import { authenticate } from './chat/identity.js';

/** What API Gateway asks a REQUEST authorizer of `$connect` with: the event of the handshake, and what is to be allowed. */
interface AuthorizerEvent extends WebSocketConnectEvent {
  readonly methodArn: string;
}

/** `https://chat.example.com,https://www.example.com`; without it pages from anywhere may connect. */
const { ALLOWED_ORIGINS: allowed } = process.env;
const origins = allowed ? new Set(allowed.split(',')) : null;

/** Lets those connect who say who they are, from pages that may: everybody else is refused with 403 before the chat runs at all. */
export async function handler(event: AuthorizerEvent) {
  const headers = Object.entries(event.headers ?? {}).map(([name, value]) => [name.toLowerCase(), value] as const);
  const { origin } = Object.fromEntries(headers) as { readonly origin?: string };
  const isAllowed = origins === null || (origin !== undefined && origins.has(origin));
  const { connectionId, identity } = event.requestContext;
  const user = isAllowed
    ? await authenticate({
        connectionId,
        headers: Object.fromEntries(headers),
        query: event.queryStringParameters ?? {},
        protocols: [],
        sourceIp: identity?.sourceIp ?? '',
        event,
      })
    : null;
  return {
    principalId: String(user?.userId ?? 'nobody'),
    policyDocument: {
      Version: '2012-10-17',
      Statement: [
        { Action: 'execute-api:Invoke', Effect: user === null ? 'Deny' : 'Allow', Resource: event.methodArn },
      ],
    },
    // API Gateway puts it into every event of the connection.
    ...(user?.userId !== undefined && { context: { userId: String(user.userId) } }),
  };
}
