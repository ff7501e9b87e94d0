import type * as Sdk from '@aws-sdk/client-apigatewaymanagementapi';
import {
  ConnectionTransport,
  type DeliveryOutcome,
  type DeliveryTarget,
} from '../../contracts/connection.transport.js';
import { regionOfEndpoint } from '../../protocol/endpoint.js';
import { FailureExplainer } from './failure.explainer.js';
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

/** Clients beyond this are forgotten, the least recently used first: endpoints come from events. */
const MAX_CLIENTS = 100;

/** Reaches connections through API Gateway's Management API, with one SDK client for each endpoint. */
export class ManagementApiTransport extends ConnectionTransport {
  private readonly clients = new Map<string, Client>();
  private readonly failures = new FailureExplainer();
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

  async ask({ connectionId: ConnectionId, endpoint }: DeliveryTarget): Promise<boolean | null> {
    const { status } = await this.call(endpoint, (client, sdk, options) =>
      client.send(new sdk.GetConnectionCommand({ ConnectionId }), options),
    );
    if (status === 'delivered') return true;
    return status === 'gone' ? false : null;
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
      const abortSignal = AbortSignal.timeout(this.options.deliveryTimeoutMs);
      // A credentials provider that hangs does not look at the signal.
      await Promise.race([send(this.clientOf(endpoint, sdk), sdk, { abortSignal }), rejectedBy(abortSignal)]);
      return DELIVERED;
    } catch (error) {
      const outcome = outcomeOfError(error);
      this.failures.explain(endpoint, outcome);
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
    // Not destroyed: it may be sending. Its idle sockets go when the other side closes them.
    if (this.clients.size > MAX_CLIENTS && oldest !== undefined) this.clients.delete(oldest);
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
}

function rejectedBy(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
}
