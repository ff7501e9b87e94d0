import { createHash, createHmac } from 'node:crypto';

/** A request in the form in which Signature Version 4 looks at it. */
export interface SignableRequest {
  readonly method: string;
  /** The path as it stands in the request line, percent-encoded, without the query. */
  readonly path: string;
  /** Names and values of the query, decoded. */
  readonly query: Iterable<readonly [string, string]>;
  /** The headers that are signed: names in lower case, sorted. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** The SHA-256 of the body in lower-case hexadecimal. */
  readonly payloadHash: string;
}

/** What a signature is good for. */
export interface CredentialScope {
  /** `YYYYMMDD` */
  readonly date: string;
  readonly region: string;
  readonly service: string;
}

export const SIGV4_ALGORITHM = 'AWS4-HMAC-SHA256';

export function sha256Hex(data: Uint8Array | string): string {
  return createHash('sha256').update(data).digest('hex');
}

/** The key that signs for one day, region and service (AWS: "Create a signed AWS API request", step 4). */
export function deriveSigningKey(secretAccessKey: string, { date, region, service }: CredentialScope): Buffer {
  return hmac(hmac(hmac(hmac(`AWS4${secretAccessKey}`, date), region), service), 'aws4_request');
}

/** The signature in lower-case hexadecimal. @param timestamp `YYYYMMDD'T'HHMMSS'Z'` */
export function sign(request: SignableRequest, signingKey: Buffer, scope: CredentialScope, timestamp: string): string {
  const credentialScope = `${scope.date}/${scope.region}/${scope.service}/aws4_request`;
  const stringToSign = [SIGV4_ALGORITHM, timestamp, credentialScope, sha256Hex(canonicalRequest(request))].join('\n');
  return hmac(signingKey, stringToSign).toString('hex');
}

function canonicalRequest({ method, path, query, headers, payloadHash }: SignableRequest): string {
  const pairs = [...query]
    .map(([name, value]) => [percentEncode(name), percentEncode(value)] as const)
    .sort(([nameA, valueA], [nameB, valueB]) => compare(nameA, nameB) || compare(valueA, valueB));
  return [
    method,
    // The path is already encoded once in the request line; every service but S3 signs it encoded twice.
    path.split('/').map(percentEncode).join('/'),
    pairs.map((pair) => pair.join('=')).join('&'),
    ...headers.map(([name, value]) => `${name}:${value.trim().replace(/\s+/g, ' ')}`),
    '',
    headers.map(([name]) => name).join(';'),
    payloadHash,
  ].join('\n');
}

/** By code unit, as the specification sorts. */
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Percent-encoded as AWS has it: everything but letters, digits, and `-._~`. @throws URIError when it is no well-formed Unicode */
export function percentEncode(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/** The path of a request line in the form in which the AWS SDK signs it: without empty segments and dots, and encoded once more. */
export function canonicalPath(path: string): string {
  const segments: string[] = [];
  for (const segment of path.split('/')) {
    if (segment === '..') segments.pop();
    else if (segment !== '' && segment !== '.') segments.push(percentEncode(segment));
  }
  return `/${segments.join('/')}${segments.length > 0 && path.endsWith('/') ? '/' : ''}`;
}

function hmac(key: Buffer | string, data: string): Buffer {
  return createHmac('sha256', key).update(data).digest();
}
