import type * as Sdk from '@aws-sdk/client-apigatewaymanagementapi';
import type { DeliveryAttempt } from '../../contracts/connection.transport.js';
import { AbortWatch } from '../../http/abort.watch.js';
import { regionOfEndpoint } from '../../protocol/endpoint.js';
import type { SigningCredentials } from '../../signing/request.signer.js';
import type { AwsCredentials, ManagementApiClient } from './management-api.options.js';
import { DELIVERED, outcomeOfError } from './outcome.js';
import { RecentMap } from './recent.map.js';

type SdkModule = typeof Sdk;
type Client = Sdk.ApiGatewayManagementApiClient;

export interface SdkCallerOptions {
  readonly region: string | null;
  readonly fallbackRegion: string;
  readonly credentials: AwsCredentials | null;
  readonly requestTimeoutMs: number;
  readonly maxConcurrentSends: number;
  /** A client of the user's, for all endpoints. */
  readonly managementApiClient?: ManagementApiClient | null;
  /** How often the client tries by itself. @default the SDK's: 3 */
  readonly maxAttempts?: number;
}

/** What bounds a call. */
export interface CallLimits {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

/** Clients beyond this are forgotten, the least recently used first: endpoints come from events. */
const MAX_CLIENTS = 100;

/** Calls the Management API by the AWS SDK, with one client for each endpoint. */
export class SdkCaller {
  // Not destroyed when it is forgotten, for it may be sending. Its idle sockets go when the other side closes them.
  private readonly clients = new RecentMap<string, Client>(MAX_CLIENTS);
  private readonly calls = new Set<{ readonly signal: AbortSignal; readonly controller: AbortController }>();
  private readonly aborts = new AbortWatch((signal) => {
    for (const call of this.calls) if (call.signal === signal) call.controller.abort();
  });
  private identity: Client | undefined;
  private sdk: Promise<SdkModule> | undefined;

  constructor(private readonly options: SdkCallerOptions) {}

  /** What became of a command. Nothing is thrown. */
  async call(endpoint: string, command: (sdk: SdkModule) => object, limits: CallLimits): Promise<DeliveryAttempt> {
    const { signal, timeoutMs } = limits;
    const controller = new AbortController();
    if (signal?.aborted === true) controller.abort();
    const timer = setTimeout(() => {
      controller.abort(new DOMException('The time for this request is over.', 'TimeoutError'));
    }, timeoutMs);
    const call = signal === undefined || signal.aborted ? null : { signal, controller };
    if (call !== null) {
      this.calls.add(call);
      this.aborts.use(call.signal);
    }
    try {
      const sent = this.send(endpoint, command, controller.signal);
      // A credentials provider that hangs does not look at the signal.
      await Promise.race([sent, rejectedBy(controller.signal)]);
      return DELIVERED;
    } catch (error) {
      return outcomeOfError(controller.signal.aborted ? controller.signal.reason : error);
    } finally {
      clearTimeout(timer);
      if (call !== null) {
        this.calls.delete(call);
        this.aborts.release(call.signal);
      }
    }
  }

  /** What the SDK signs with. One client asks for all endpoints, and remembers. @param forceRefresh whether what it remembers is of no use */
  async credentials(endpoint: string, forceRefresh: boolean): Promise<SigningCredentials> {
    this.identity ??= this.createClient(endpoint, await this.loadSdk());
    return this.identity.config.credentials({ forceRefresh });
  }

  destroy(): void {
    for (const client of this.clients.clear()) client.destroy();
    this.identity?.destroy();
    this.identity = undefined;
  }

  private async send(endpoint: string, command: (sdk: SdkModule) => object, abortSignal: AbortSignal): Promise<void> {
    const sdk = await this.loadSdk();
    const client: ManagementApiClient = this.options.managementApiClient ?? this.clientOf(endpoint, sdk);
    await client.send(command(sdk), { abortSignal });
  }

  private loadSdk(): Promise<SdkModule> {
    // Loaded when it is needed: an application that never is in need of it never pays for it.
    return (this.sdk ??= import('@aws-sdk/client-apigatewaymanagementapi').catch((error: unknown) => {
      this.sdk = undefined;
      throw error;
    }));
  }

  private clientOf(endpoint: string, sdk: SdkModule): Client {
    return this.clients.get(endpoint) ?? this.clients.add(endpoint, this.createClient(endpoint, sdk));
  }

  private createClient(endpoint: string, { ApiGatewayManagementApiClient }: SdkModule): Client {
    const { region, fallbackRegion, credentials, requestTimeoutMs, maxConcurrentSends, maxAttempts } = this.options;
    const agent = { keepAlive: true, maxSockets: maxConcurrentSends };
    return new ApiGatewayManagementApiClient({
      endpoint,
      region: region ?? regionOfEndpoint(endpoint) ?? fallbackRegion,
      ...(maxAttempts !== undefined && { maxAttempts }),
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
    if (signal.aborted) reject(signal.reason as Error);
    else signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
}
