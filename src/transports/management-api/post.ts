import { randomUUID } from 'node:crypto';
import type {
  AttemptLimits,
  DeliveryAttempt,
  DeliveryTarget,
  OutgoingMessage,
} from '../../contracts/connection.transport.js';
import type { HttpExchange } from '../../http/http.exchange.js';
import type { HttpResponse } from '../../http/http.response.js';
import type { SigningCredentials } from '../../signing/request.signer.js';
import { errorOf, outcomeOfAnswer } from './answer.js';
import type { Destination } from './destination.js';
import { digestOf } from './message.digest.js';
import { outcomeOfError } from './outcome.js';

/** What a post cannot do by itself. */
export interface PostOffice {
  /** Sends it once more. @param credentials whether to wait for others than those that were refused */
  repeat(post: Post, refused: SigningCredentials | null): void;
  finished(post: Post, outcome: DeliveryAttempt): void;
}

/** Refusals that other credentials may mend. */
const CREDENTIAL_ERRORS = new Set([
  'ExpiredTokenException',
  'ExpiredToken',
  'UnrecognizedClientException',
  'InvalidClientTokenId',
]);

/** From here on a server's clock counts as another one. API Gateway itself takes 5 minutes; the threshold is that of the SDK. */
const CLOCK_SKEW_MS = 240_000;

/** One attempt to post a message to a connection. */
export class Post implements HttpExchange {
  readonly recipient: string;
  readonly expiresAt: number;
  readonly signal: AbortSignal | undefined;
  credentials: SigningCredentials | null = null;

  private clockOffsetMs = 0;
  private hasNewCredentials = false;
  private hasNewClock = false;
  private refusal: DeliveryAttempt | null = null;
  private readonly invocationId: string;

  constructor(
    private readonly office: PostOffice,
    readonly destination: Destination,
    readonly target: DeliveryTarget,
    private readonly message: OutgoingMessage,
    readonly limits: AttemptLimits,
    readonly resolve: (outcome: DeliveryAttempt) => void,
  ) {
    this.recipient = target.connectionId;
    this.expiresAt = performance.now() + limits.timeoutMs;
    this.signal = message.signal;
    const known = limits.attempt > 1 ? digestOf(message).invocationIds.get(target.connectionId) : undefined;
    this.invocationId = known ?? randomUUID();
  }

  compose(): string {
    const { recipient: connectionId, invocationId, destination, limits } = this;
    this.clockOffsetMs = destination.clockOffsetMs;
    const fields = { connectionId, invocationId, attempt: limits.attempt };
    return destination.compose(this.message, fields, this.credentials as SigningCredentials);
  }

  answered(response: HttpResponse): void {
    if (response.status >= 400 && this.isToBeRepeated(response)) return;
    this.finish(outcomeOfAnswer(response));
  }

  failed(error: unknown): void {
    this.finish(outcomeOfError(error));
  }

  /** There are no credentials but those that were refused. */
  refused(): void {
    this.finish(this.refusal as DeliveryAttempt);
  }

  private finish(outcome: DeliveryAttempt): void {
    const { attempt } = this.limits;
    if (outcome.mayRetry === true) digestOf(this.message).invocationIds.set(this.recipient, this.invocationId);
    else if (attempt > 1) digestOf(this.message).invocationIds.delete(this.recipient);
    this.office.finished(this, outcome);
  }

  private isToBeRepeated(response: HttpResponse): boolean {
    const isClockSkewed = this.compareClocks(response.date);
    if (response.status !== 403) return false;
    if (isClockSkewed && !this.hasNewClock) {
      this.hasNewClock = true;
      this.office.repeat(this, null);
      return true;
    }
    if (this.hasNewCredentials || !CREDENTIAL_ERRORS.has(errorOf(response).name)) return false;
    this.hasNewCredentials = true;
    this.refusal = outcomeOfAnswer(response);
    this.office.repeat(this, this.credentials);
    return true;
  }

  /** Whether this was signed by a clock that differs from the server's. */
  private compareClocks(date: string | null): boolean {
    const serverTime = date === null ? NaN : Date.parse(date);
    if (Number.isNaN(serverTime)) return false;
    const { destination } = this;
    const offsetMs = serverTime - Date.now();
    if (Math.abs(offsetMs - destination.clockOffsetMs) >= CLOCK_SKEW_MS) destination.clockOffsetMs = offsetMs;
    return Math.abs(destination.clockOffsetMs - this.clockOffsetMs) >= CLOCK_SKEW_MS;
  }
}
