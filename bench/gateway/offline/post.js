import { ApiGatewayManagementApiClient, PostToConnectionCommand } from '@aws-sdk/client-apigatewaymanagementapi';

const clients = new Map();

/** PostToConnection by the AWS SDK, with one client for each endpoint, at its defaults. */
export function post(endpoint, connectionId, text) {
  let client = clients.get(endpoint);
  if (client === undefined) {
    const credentials = { accessKeyId: 'none', secretAccessKey: 'none' };
    client = new ApiGatewayManagementApiClient({ endpoint, region: 'us-east-1', credentials });
    clients.set(endpoint, client);
  }
  return client.send(new PostToConnectionCommand({ ConnectionId: connectionId, Data: text }));
}
