import process from 'node:process';
import { ApiGatewayManagementApiClient, PostToConnectionCommand } from '@aws-sdk/client-apigatewaymanagementapi';
import { DynamoDBClient, GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';

const client = new ApiGatewayManagementApiClient({ endpoint: process.env.WEBSOCKET_API_GATEWAY_ENDPOINT });
const table = new DynamoDBClient({});
const TableName = process.env.TABLE;

/** The same with a record of each connection in a table. */
export async function handler({ requestContext: { connectionId, connectedAt }, body }) {
  const { text } = JSON.parse(body);
  const Key = { pk: { S: 'connections' }, sk: { S: connectionId } };
  const { Item } = await table.send(new GetItemCommand({ TableName, Key, ConsistentRead: true }));
  if (Item === undefined)
    await table.send(new PutItemCommand({ TableName, Item: { ...Key, connectedAt: { N: String(connectedAt) } } }));
  await client.send(new PostToConnectionCommand({ ConnectionId: connectionId, Data: JSON.stringify({ heard: text }) }));
  return { statusCode: 200 };
}
