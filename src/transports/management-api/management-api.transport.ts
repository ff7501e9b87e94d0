import {
  ConnectionTransport,
  type AttemptLimits,
  type DeliveryAttempt,
  type DeliveryOutcome,
  type DeliveryTarget,
  type OutgoingMessage,
} from '../../contracts/connection.transport.js';
import { Log } from '../../logging/log.js';
import { CredentialsSource } from './credentials.source.js';
import { FailureExplainer } from './failure.explainer.js';
import { LeanSender } from './lean.sender.js';
import type { ManagementApiOptions } from './management-api.options.js';
import { SdkCaller } from './sdk.caller.js';

export type { AwsCredentials, ManagementApiClient, ManagementApiOptions } from './management-api.options.js';

/**
 * Reaches connections through API Gateway's Management API. Messages are posted once for each attempt, by the package's own client, the AWS
 * SDK's or the user's; what is rarer is the SDK's, with its retries.
 */
export class ManagementApiTransport extends ConnectionTransport {
  private readonly failures: FailureExplainer;
  private readonly sdk: SdkCaller;
  /** Makes one attempt where the other makes three: retries of messages are the engine's. */
  private readonly posting: SdkCaller;
  private readonly lean: LeanSender | null;

  constructor(
    private readonly options: ManagementApiOptions,
    log = new Log(),
  ) {
    super();
    this.failures = new FailureExplainer(log);
    const { credentials, sender, managementApiClient = null } = options;
    this.sdk = new SdkCaller(options);
    this.posting = managementApiClient === null ? new SdkCaller({ ...options, maxAttempts: 1 }) : this.sdk;
    if (sender === 'sdk' || managementApiClient !== null) {
      this.lean = null;
      return;
    }
    const source = new CredentialsSource(credentials, (endpoint, force) => this.sdk.credentials(endpoint, force));
    this.lean = new LeanSender(options, source, this.failures);
  }

  serves(endpoint: string): boolean {
    return endpoint.startsWith('https://') || endpoint.startsWith('http://');
  }

  deliver(target: DeliveryTarget, message: OutgoingMessage, limits: AttemptLimits): Promise<DeliveryAttempt> {
    return this.lean === null ? this.post(target, message, limits) : this.lean.deliver(target, message, limits);
  }

  close({ connectionId: ConnectionId, endpoint }: DeliveryTarget): Promise<DeliveryOutcome> {
    return this.call(endpoint, (sdk) => new sdk.DeleteConnectionCommand({ ConnectionId }));
  }

  isAlive(): null {
    return null;
  }

  async ask({ connectionId: ConnectionId, endpoint }: DeliveryTarget): Promise<boolean | null> {
    const { status } = await this.call(endpoint, (sdk) => new sdk.GetConnectionCommand({ ConnectionId }));
    if (status === 'delivered') return true;
    return status === 'gone' ? false : null;
  }

  override async shutdown(): Promise<void> {
    this.lean?.shutdown();
    this.posting.destroy();
    this.sdk.destroy();
  }

  private async post(
    { connectionId: ConnectionId, endpoint }: DeliveryTarget,
    { payload: Data, signal }: OutgoingMessage,
    { attempt, timeoutMs }: AttemptLimits,
  ): Promise<DeliveryAttempt> {
    const outcome = await this.posting.call(
      endpoint,
      (sdk) => new sdk.PostToConnectionCommand({ ConnectionId, Data }),
      { timeoutMs, signal },
    );
    // The user's client has made all the attempts that its owner wants.
    const final = this.posting === this.sdk ? { ...outcome, mayRetry: false } : outcome;
    this.failures.explain(endpoint, final, attempt);
    return final;
  }

  private async call(endpoint: string, command: Parameters<SdkCaller['call']>[1]): Promise<DeliveryOutcome> {
    const outcome = await this.sdk.call(endpoint, command, { timeoutMs: this.options.deliveryTimeoutMs });
    this.failures.explain(endpoint, { ...outcome, mayRetry: false }, 1);
    return outcome;
  }
}
