import type { DeliveryAttempt } from '../../contracts/connection.transport.js';
import type { Log } from '../../logging/log.js';

const UNREACHABLE = 'check the endpoint, and in a VPC the route to execute-api';

/** What to do, by the reason of an outcome. */
const REMEDIES: Readonly<Record<string, string>> = Object.freeze({
  CredentialsProviderError: 'no AWS credentials were found; give the function a role, or set the option "credentials"',
  ENOTFOUND: UNREACHABLE,
  ECONNREFUSED: UNREACHABLE,
  ETIMEDOUT: UNREACHABLE,
  TimeoutError: UNREACHABLE,
});

const FORBIDDEN =
  'allow execute-api:ManageConnections on this API, check the region, and for a custom domain set the option "apiGatewayEndpoint" to ' +
  'the domain with its base path';

/** Endpoints come from events: past this many the log has said enough. */
const MAX_SAID = 100;

/** Says in the log why messages do not get through, and what to do about it: once for each endpoint and reason. */
export class FailureExplainer {
  private readonly said = new Set<string>();

  constructor(private readonly log: Log) {}

  /** @param attempt the how-manieth it was; what may pass is said when it has not passed by the second */
  explain(endpoint: string, { status, reason = status, mayRetry = false }: DeliveryAttempt, attempt: number): void {
    if (status !== 'forbidden' && status !== 'failed') return;
    // Where time is up there is no second attempt.
    if (mayRetry && attempt === 1 && reason !== 'TimeoutError') return;
    const topic = `${endpoint} ${reason}`;
    if (this.said.has(topic) || this.said.size >= MAX_SAID) return;
    this.said.add(topic);
    const remedy = status === 'forbidden' ? FORBIDDEN : REMEDIES[reason];
    const advice = remedy === undefined ? '' : `: ${remedy}`;
    this.log.error('delivery.failing', `Messages to ${endpoint} fail (${reason})${advice}.`);
  }
}
