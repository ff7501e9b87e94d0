import { createId } from '../../gateway/identifier.js';
import { deriveSigningKey, sha256Hex, sign, SIGV4_ALGORITHM, percentEncode } from '../../signing/sigv4.js';
import { timestampOf, type SigningCredentials } from '../../signing/request.signer.js';

/** What the Management API answered. */
export interface ManagementAnswer {
  readonly status: number;
  /** `x-amzn-ErrorType`, e.g. `ForbiddenException`. */
  readonly errorType: string | null;
  /** The `Date` header in milliseconds since the Unix epoch. */
  readonly date: number | null;
  readonly askedAt: number;
  readonly answeredAt: number;
}

/**
 * Asks for a connection that there is none of, with a signature: whoever is allowed to is answered 410.
 *
 * @throws what the request fails with
 */
export async function askForNobody(
  endpoint: string,
  region: string,
  credentials: SigningCredentials,
  timeoutMs: number,
): Promise<ManagementAnswer> {
  const url = new URL(`${endpoint}/@connections/${percentEncode(createId())}`);
  const askedAt = Date.now();
  const response = await fetch(url, {
    headers: signedHeaders(url, region, credentials, askedAt),
    redirect: 'manual',
    signal: AbortSignal.timeout(timeoutMs),
  });
  const answeredAt = Date.now();
  await response.body?.cancel();
  const date = Date.parse(response.headers.get('date') ?? '');
  return {
    status: response.status,
    errorType: /^\w+/.exec(response.headers.get('x-amzn-errortype') ?? '')?.[0] ?? null,
    date: Number.isNaN(date) ? null : date,
    askedAt,
    answeredAt,
  };
}

function signedHeaders(
  { host, pathname }: URL,
  region: string,
  { accessKeyId, secretAccessKey, sessionToken = '' }: SigningCredentials,
  now: number,
): Record<string, string> {
  const timestamp = timestampOf(now);
  const scope = { date: timestamp.slice(0, 8), region, service: 'execute-api' };
  const headers: [string, string][] = [
    ['host', host],
    ['x-amz-date', timestamp],
  ];
  if (sessionToken !== '') headers.push(['x-amz-security-token', sessionToken]);
  const request = { method: 'GET', path: pathname, query: [], headers, payloadHash: sha256Hex('') };
  const signature = sign(request, deriveSigningKey(secretAccessKey, scope), scope, timestamp);
  const names = headers.map(([name]) => name).join(';');
  const authorization =
    `${SIGV4_ALGORITHM} Credential=${accessKeyId}/${scope.date}/${region}/execute-api/aws4_request, ` +
    `SignedHeaders=${names}, Signature=${signature}`;
  return { ...Object.fromEntries(headers.slice(1)), authorization };
}
