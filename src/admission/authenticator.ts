import { inTime, LATE, type Clock } from '../contracts/clock.js';
import { ConnectionRefusedError } from '../errors/connection-refused.error.js';
import { refusalStatusOf } from '../errors/refusal.status.js';
import { withoutMessage } from '../logging/error.description.js';
import type { Log } from '../logging/log.js';
import type { Authenticate, AuthenticationRequest } from './admission.rules.js';
import { InvalidAuthenticationError, readAuthentication, type Authenticated } from './authenticated.js';
import { Refusal } from './refusal.js';

/** How often the same kind of failure is told of: what makes a hook fail may come from outside. */
const TELL_EVERY_MS = 10_000;

/** The `exp` of a token is in seconds; as milliseconds it would be in 1973 or before. */
const LOOKS_LIKE_SECONDS = 100_000_000_000;

/** Asks the application who a client is, within a time. */
export class Authenticator {
  private toldAt = -Infinity;

  constructor(
    private readonly authenticate: () => Authenticate,
    private readonly clock: Clock,
    private readonly timeoutMs: number,
    private readonly log: Log,
  ) {}

  /** Who it is; `null` for nobody; a refusal where the hook refuses, fails, or does not answer in time. */
  async ask(request: AuthenticationRequest): Promise<Authenticated | Refusal | null> {
    try {
      const result = await inTime(this.clock, this.timeoutMs, this.run(request));
      if (result === LATE) {
        this.tell(`The option "admission.authenticate" gave no answer within ${this.timeoutMs} ms.`);
        return new Refusal(503, this.timeoutMs);
      }
      const authenticated = readAuthentication(result);
      const { expiresAt = null } = authenticated ?? {};
      if (expiresAt === null || expiresAt > this.clock.now()) return authenticated;
      if (expiresAt < LOOKS_LIKE_SECONDS) {
        this.tell(
          'The option "admission.authenticate" answered with an "expiresAt" in seconds: it takes milliseconds. Multiply it by 1,000.',
        );
      }
      return new Refusal(401);
    } catch (error) {
      return this.refusalOf(error);
    }
  }

  /** A hook that throws at once rejects like one that does so later. */
  private async run(request: AuthenticationRequest): Promise<unknown> {
    return this.authenticate()(request);
  }

  private refusalOf(error: unknown): Refusal {
    const status = refusalStatusOf(error);
    if (status !== null) return new Refusal(status, retryAfterOf(error));
    this.tell(
      'The option "admission.authenticate" failed.',
      error instanceof InvalidAuthenticationError ? error : withoutMessage(error),
    );
    return new Refusal(500);
  }

  private tell(message: string, error?: Error): void {
    const now = this.clock.now();
    if (now - this.toldAt < TELL_EVERY_MS) return;
    this.toldAt = now;
    this.log.error('admission.hook-failed', message, { error });
  }
}

function retryAfterOf(error: unknown): number | null {
  const seconds = error instanceof ConnectionRefusedError ? error.options.retryAfterSeconds : undefined;
  return typeof seconds === 'number' && Number.isFinite(seconds) ? seconds * 1_000 : null;
}
