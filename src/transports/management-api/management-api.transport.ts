import type * as Sdk from '@aws-sdk/client-apigatewaymanagementapi';
import { Logger } from '@nestjs/common';
import {
  ConnectionTransport,
  type DeliveryOutcome,
  type DeliveryTarget,
} from '../../contracts/connection.transport.js';
import { regionOfEndpoint } from '../../protocol/endpoint.js';
import { DELIVERED, outcomeOfError } from './outcome.js';

type SdkModule = typeof Sdk;
type Client = Sdk.ApiGatewayManagementApiClient;

/** Anything the SDK client takes as `credentials`: a pair of keys, or a provider. */
export type AwsCredentials = NonNullable<Sdk.ApiGatewayManagementApiClientConfig['credentials']>;

export interface ManagementApiOptions {
  /** The region to sign for; `null` takes the region in the endpoint's host, then `fallbackRegion`. */
  readonly region: string | null;
  readonly fallbackRegion: string;
  /** `null` leaves it to the SDK's default provider chain. */
  readonly credentials: AwsCredentials | null;
  /** How long one attempt may take. */
  readonly requestTimeoutMs: number;
  /** How long all attempts of one message may take together. */
  readonly deliveryTimeoutMs: number;
  readonly maxConcurrentSends: number;
}

/** Clients beyond this are closed, the least recently used first: endpoints come from events. */
const MAX_CLIENTS = 100;

/** Reaches connections through API Gateway's Management API, with one SDK client for each endpoint. */
export class ManagementApiTransport extends ConnectionTransport {
  private readonly logger = new Logger('WebSocket');
  private readonly clients = new Map<string, Client>();
  private readonly forbidden = new Set<string>();
  private sdk: Promise<SdkModule> | undefined;

  constructor(private readonly options: ManagementApiOptions) {
    super();
  }

  serves(endpoint: string): boolean {
    return endpoint.startsWith('https://') || endpoint.startsWith('http://');
  }

  deliver({ connectionId: ConnectionId, endpoint }: DeliveryTarget, payload: Uint8Array): Promise<DeliveryOutcome> {
    return this.call(endpoint, (client, sdk, options) =>
      client.send(new sdk.PostToConnectionCommand({ ConnectionId, Data: payload }), options),
    );
  }

  close({ connectionId: ConnectionId, endpoint }: DeliveryTarget): Promise<DeliveryOutcome> {
    return this.call(endpoint, (client, sdk, options) =>
      client.send(new sdk.DeleteConnectionCommand({ ConnectionId }), options),
    );
  }

  isAlive(): null {
    return null;
  }

  override async shutdown(): Promise<void> {
    for (const client of this.clients.values()) client.destroy();
    this.clients.clear();
  }

  private async call(
    endpoint: string,
    send: (client: Client, sdk: SdkModule, options: { abortSignal: AbortSignal }) => Promise<unknown>,
  ): Promise<DeliveryOutcome> {
    try {
      const sdk = await this.loadSdk();
      // The SDK retries 429 and 5xx; this bounds all of its attempts together, and ends the request that is under way.
      await send(this.clientOf(endpoint, sdk), sdk, {
        abortSignal: AbortSignal.timeout(this.options.deliveryTimeoutMs),
      });
      return DELIVERED;
    } catch (error) {
      const outcome = outcomeOfError(error);
      if (outcome.status === 'forbidden') this.explainForbidden(endpoint);
      return outcome;
    }
  }

  private loadSdk(): Promise<SdkModule> {
    // Loaded at the first send: an application on the embedded gateway alone never pays for it.
    return (this.sdk ??= import('@aws-sdk/client-apigatewaymanagementapi').catch((error: unknown) => {
      this.sdk = undefined;
      throw error;
    }));
  }

  private clientOf(endpoint: string, sdk: SdkModule): Client {
    const known = this.clients.get(endpoint);
    this.clients.delete(endpoint);
    const client = known ?? this.createClient(endpoint, sdk);
    this.clients.set(endpoint, client);
    const [oldest] = this.clients.keys();
    if (this.clients.size > MAX_CLIENTS && oldest !== undefined) {
      this.clients.get(oldest)?.destroy();
      this.clients.delete(oldest);
    }
    return client;
  }

  private createClient(endpoint: string, { ApiGatewayManagementApiClient }: SdkModule): Client {
    const { region, fallbackRegion, credentials, requestTimeoutMs, maxConcurrentSends } = this.options;
    const agent = { keepAlive: true, maxSockets: maxConcurrentSends };
    return new ApiGatewayManagementApiClient({
      endpoint,
      region: region ?? regionOfEndpoint(endpoint) ?? fallbackRegion,
      // A copy, for the SDK writes into the keys that it is given, which may be frozen.
      ...(credentials !== null && {
        credentials: typeof credentials === 'function' ? credentials : { ...credentials },
      }),
      requestHandler: {
        httpAgent: agent,
        httpsAgent: agent,
        connectionTimeout: requestTimeoutMs,
        requestTimeout: requestTimeoutMs,
        // Without it the SDK only warns, and waits for ever (aws/aws-sdk-js-v3#6896).
        throwOnRequestTimeout: true,
      },
    });
  }

  private explainForbidden(endpoint: string): void {
    if (this.forbidden.has(endpoint)) return;
    this.forbidden.add(endpoint);
    this.logger.error(
      `${endpoint} answers 403: allow execute-api:ManageConnections on this API, check the region, and for a custom domain set ` +
        'the option "apiGatewayEndpoint" to the domain with its base path.',
    );
  }
}
