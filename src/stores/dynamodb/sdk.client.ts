import type { DynamoDBClientConfig } from '@aws-sdk/client-dynamodb';
import type { DynamoDbClient } from './dynamodb.client.js';

/** Where a table is, and who asks. */
export interface DynamoDbAccess {
  readonly region: string;
  /** `null` stands for AWS. */
  readonly endpoint: string | null;
  /** Keys, or a provider of them, as the AWS SDK takes them; `null` leaves it to the SDK's default provider chain. */
  readonly credentials: unknown;
  /** How long making a connection may take, and how long one request may. */
  readonly timeoutMs: number;
}

/**
 * Makes a client of the AWS SDK for the store.
 *
 * @throws when `@aws-sdk/client-dynamodb` is not installed
 */
export async function createDynamoDbClient(access: DynamoDbAccess): Promise<DynamoDbClient> {
  const { region, endpoint, credentials, timeoutMs } = access;
  const { DynamoDBClient } = await import('@aws-sdk/client-dynamodb');
  return new DynamoDBClient({
    region,
    ...(endpoint !== null && { endpoint }),
    ...(credentials !== null && {
      credentials: copyOf(credentials) as NonNullable<DynamoDBClientConfig['credentials']>,
    }),
    requestHandler: { connectionTimeout: timeoutMs, requestTimeout: timeoutMs, throwOnRequestTimeout: true },
  });
}

/** The SDK writes into the keys that it is given, which may be frozen. */
function copyOf(credentials: unknown): unknown {
  return typeof credentials === 'function' ? credentials : { ...(credentials as object) };
}
