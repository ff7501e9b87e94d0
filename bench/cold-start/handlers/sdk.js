import process from 'node:process';
import { ApiGatewayManagementApiClient, PostToConnectionCommand } from '@aws-sdk/client-apigatewaymanagementapi';

const client = new ApiGatewayManagementApiClient({ endpoint: process.env.WEBSOCKET_API_GATEWAY_ENDPOINT });

/** The least that answers a message, without a framework: no state, no listeners, no checks. */
export async function handler({ requestContext: { connectionId }, body }) {
  const { text } = JSON.parse(body);
  await client.send(new PostToConnectionCommand({ ConnectionId: connectionId, Data: JSON.stringify({ heard: text }) }));
  return { statusCode: 200 };
}
