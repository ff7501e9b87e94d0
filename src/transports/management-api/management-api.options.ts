import type { ApiGatewayManagementApiClientConfig } from '@aws-sdk/client-apigatewaymanagementapi';
import type { SecureContext } from 'node:tls';

/** Anything the SDK client takes as `credentials`: a pair of keys, or a provider. */
export type AwsCredentials = NonNullable<ApiGatewayManagementApiClientConfig['credentials']>;

/** The part of an AWS SDK client for the Management API that is used. */
export interface ManagementApiClient {
  send(command: object, options?: { readonly abortSignal?: AbortSignal }): Promise<unknown>;
}

export interface ManagementApiOptions {
  /** The region to sign for; `null` takes the region in the endpoint's host, then `fallbackRegion`. */
  readonly region: string | null;
  readonly fallbackRegion: string;
  /** `null` leaves it to the SDK's default provider chain. */
  readonly credentials: AwsCredentials | null;
  /** What posts messages: the client of this package, or the AWS SDK's. @default 'lean' */
  readonly sender?: 'lean' | 'sdk';
  /** A client of the user's for everything, whatever the `sender`. @default none */
  readonly managementApiClient?: ManagementApiClient | null;
  /** How long one attempt may take. */
  readonly requestTimeoutMs: number;
  /** How long closing a connection, or asking about it, may take with all attempts together. */
  readonly deliveryTimeoutMs: number;
  /** The most messages to one host that are under way at once. */
  readonly maxConcurrentSends: number;
  /** What TLS connections of the lean sender trust. @default what Node trusts */
  readonly secureContext?: SecureContext;
}
