import { hash } from 'node:crypto';
import { HmacSha256 } from './hmac-sha256.js';
import { deriveSigningKey, SIGV4_ALGORITHM } from './sigv4.js';

/** A pair of keys, and for temporary ones the token that goes with them. */
export interface SigningCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
  /** When they stop working. */
  readonly expiration?: Date | undefined;
}

/**
 * Signs many requests to one service in one region. The signing key depends on nothing but the day and the credentials, and is kept as long
 * as both stay the same.
 */
export class RequestSigner {
  private credentials: SigningCredentials | null = null;
  private date = '';
  private scope = '';
  private hmac: HmacSha256 | null = null;

  constructor(
    private readonly region: string,
    private readonly service: string,
  ) {}

  /**
   * The value of the `authorization` header.
   *
   * @param timestamp `YYYYMMDD'T'HHMMSS'Z'`
   * @param canonicalRequest without the names of the headers and the hash of the payload, which end it
   */
  authorization(
    credentials: SigningCredentials,
    timestamp: string,
    canonicalRequest: string,
    signedHeaders: string,
    payloadHash: string,
  ): string {
    const hmac = this.hmacFor(credentials, timestamp.slice(0, 8));
    const requestHash = hash('sha256', `${canonicalRequest}\n${signedHeaders}\n${payloadHash}`, 'hex');
    const signature = hmac.hex(`${SIGV4_ALGORITHM}\n${timestamp}\n${this.scope}\n${requestHash}`);
    return `${SIGV4_ALGORITHM} Credential=${credentials.accessKeyId}/${this.scope}, SignedHeaders=${signedHeaders}, Signature=${signature}`;
  }

  private hmacFor(credentials: SigningCredentials, date: string): HmacSha256 {
    if (this.hmac !== null && this.credentials === credentials && this.date === date) return this.hmac;
    const { region, service } = this;
    const hmac = new HmacSha256(deriveSigningKey(credentials.secretAccessKey, { date, region, service }));
    this.credentials = credentials;
    this.date = date;
    this.scope = `${date}/${region}/${service}/aws4_request`;
    return (this.hmac = hmac);
  }
}

/** Milliseconds since the Unix epoch as `YYYYMMDD'T'HHMMSS'Z'`. */
export function timestampOf(time: number): string {
  return new Date(time).toISOString().replace(/[-:]|\.\d+/g, '');
}
