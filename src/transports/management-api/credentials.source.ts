import type { SigningCredentials } from '../../signing/request.signer.js';
import type { AwsCredentials } from './management-api.options.js';

/** Gets credentials from the SDK. @param forceRefresh whether those that it keeps are of no use */
export type ReadSdkCredentials = (endpoint: string, forceRefresh: boolean) => Promise<SigningCredentials>;

/** Credentials are renewed this long before they expire, as the SDK does it. */
const EXPIRES_EARLY_MS = 300_000;
/** How long nobody asks again after others were got for those that were refused: should they be refused as well, that is not what ails. */
const QUIET_MS = 10_000;
/** What a header may hold. */
const PRINTABLE = /^[\x21-\x7e]*$/;

/**
 * The credentials that requests are signed with: the pair in the options, or the one in the environment if that is what the SDK's default
 * chain would come to first, without loading the SDK; else whatever the SDK finds. However many ask, they are got once.
 */
export class CredentialsSource {
  private current: SigningCredentials | null = null;
  private loading: Promise<SigningCredentials> | null = null;
  private quietUntil = -Infinity;

  constructor(
    private readonly configured: AwsCredentials | null,
    private readonly readSdk: ReadSdkCredentials,
    private readonly env: NodeJS.ProcessEnv = process.env,
  ) {}

  /** At once where they are known. @param endpoint the one that they are needed for, in case it matters where they come from */
  get(endpoint: string): SigningCredentials | Promise<SigningCredentials> {
    const { current } = this;
    if (current !== null && !isExpiring(current)) return current;
    const own = this.ownPair();
    // Even those that expire: there is nothing better to be had.
    return own === null ? this.load(endpoint, false) : this.adopt(own);
  }

  /** Those that take the place of ones that API Gateway has refused; `null` when there are no others. */
  async replace(refused: SigningCredentials, endpoint: string): Promise<SigningCredentials | null> {
    // Not by identity: the same keys may come with another expiry.
    if (this.current !== null && !hasSameKeys(this.current, refused)) return this.current;
    if (this.loading === null && performance.now() < this.quietUntil) return null;
    const fresh = await this.load(endpoint, true);
    this.quietUntil = performance.now() + QUIET_MS;
    return hasSameKeys(fresh, refused) ? null : fresh;
  }

  private load(endpoint: string, forceRefresh: boolean): Promise<SigningCredentials> {
    const read = async () => this.adopt(this.ownPair() ?? (await this.readSdk(endpoint, forceRefresh)));
    return (this.loading ??= read().finally(() => (this.loading = null)));
  }

  /** @throws TypeError when they cannot stand in a header */
  private adopt({
    accessKeyId,
    secretAccessKey,
    sessionToken = '',
    expiration,
  }: SigningCredentials): SigningCredentials {
    if (!PRINTABLE.test(accessKeyId) || !PRINTABLE.test(sessionToken)) {
      throw Object.assign(new TypeError('The AWS credentials have characters that no header may have.'), {
        code: 'ERR_INVALID_CHAR',
      });
    }
    const fresh = { accessKeyId, secretAccessKey, sessionToken, expiration };
    const { current } = this;
    // The same object as long as they are the same: that is what the signing key is kept for.
    const isSame =
      current !== null && hasSameKeys(current, fresh) && current.expiration?.getTime() === expiration?.getTime();
    return isSame ? current : (this.current = fresh);
  }

  private ownPair(): SigningCredentials | null {
    return this.fromOptions() ?? this.fromEnvironment();
  }

  private fromOptions(): SigningCredentials | null {
    return this.configured === null || typeof this.configured === 'function' ? null : this.configured;
  }

  private fromEnvironment(): SigningCredentials | null {
    if (this.configured !== null || isGiven(this.env['AWS_PROFILE'])) return null;
    const accessKeyId = this.env['AWS_ACCESS_KEY_ID'];
    const secretAccessKey = this.env['AWS_SECRET_ACCESS_KEY'];
    const expiration = this.env['AWS_CREDENTIAL_EXPIRATION'];
    if (!isGiven(accessKeyId) || !isGiven(secretAccessKey)) return null;
    return {
      accessKeyId,
      secretAccessKey,
      sessionToken: this.env['AWS_SESSION_TOKEN'],
      ...(isGiven(expiration) && { expiration: new Date(expiration) }),
    };
  }
}

function isExpiring({ expiration }: SigningCredentials): boolean {
  return expiration !== undefined && !(expiration.getTime() - Date.now() >= EXPIRES_EARLY_MS);
}

function hasSameKeys(one: SigningCredentials, other: SigningCredentials): boolean {
  return (
    one.accessKeyId === other.accessKeyId &&
    one.secretAccessKey === other.secretAccessKey &&
    one.sessionToken === other.sessionToken
  );
}

function isGiven(value: string | undefined): value is string {
  return value !== undefined && value !== '';
}
