import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

/** What only the server knows: `CHAT_SECRET` and `OPERATOR_KEY` of the environment, or random ones where one process is all there is. */
export class Secrets {
  private readonly secret: string;
  /** What opens the page of live numbers; `null` where nobody would be told of one: on Lambda without `OPERATOR_KEY`. */
  readonly operatorKey: string | null;
  readonly isOperatorKeyGiven: boolean;

  constructor({ CHAT_SECRET, OPERATOR_KEY, REDIS_URL, AWS_LAMBDA_FUNCTION_NAME }: NodeJS.ProcessEnv = process.env) {
    if (!CHAT_SECRET && (REDIS_URL ?? AWS_LAMBDA_FUNCTION_NAME) !== undefined) {
      throw new Error(
        'Set CHAT_SECRET to a long random text, the same for all processes: invitations are signed with it.',
      );
    }
    this.secret = CHAT_SECRET || randomBytes(32).toString('base64url');
    this.isOperatorKeyGiven = Boolean(OPERATOR_KEY);
    // The same in all processes that share the secret; they print it when they start.
    this.operatorKey = OPERATOR_KEY || (AWS_LAMBDA_FUNCTION_NAME === undefined ? this.sign('operator') : null);
  }

  sign(text: string): string {
    return createHmac('sha256', this.secret).update(text).digest('base64url');
  }

  hasSigned(text: string, signature: string): boolean {
    return isSame(this.sign(text), signature);
  }

  isOperator(key: unknown): boolean {
    return typeof key === 'string' && this.operatorKey !== null && isSame(this.operatorKey, key);
  }
}

/** Compares in a time that tells nothing. */
function isSame(secret: string, guess: string): boolean {
  const [expected, actual] = [secret, guess].map((text) => createHash('sha256').update(text).digest());
  return expected !== undefined && actual !== undefined && timingSafeEqual(expected, actual);
}
