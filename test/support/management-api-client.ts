import {
  ApiGatewayManagementApiClient,
  PostToConnectionCommand,
  type ApiGatewayManagementApiClientConfig,
} from '@aws-sdk/client-apigatewaymanagementapi';

/** Keys for the embedded gateway's `@connections` in tests. */
export const testCredentials = Object.freeze({ accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'example-secret' });

/** The AWS SDK's own client, with one attempt for each call unless told otherwise. */
export function managementApiClient(
  endpoint: string,
  config: ApiGatewayManagementApiClientConfig = {},
): ApiGatewayManagementApiClient {
  return new ApiGatewayManagementApiClient({
    endpoint,
    region: 'eu-west-1',
    // A copy: the SDK writes into it.
    credentials: { ...testCredentials },
    maxAttempts: 1,
    ...config,
  });
}

export async function postTo(
  client: ApiGatewayManagementApiClient,
  ConnectionId: string,
  Data: string | Uint8Array,
): Promise<void> {
  await client.send(new PostToConnectionCommand({ ConnectionId, Data }));
}
