import { timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { Clock } from '../contracts/clock.js';
import type { GatewayCredentials } from '../options/gateway.options.js';
import { deriveSigningKey, sign, SIGV4_ALGORITHM } from '../signing/sigv4.js';
import { pathAndQueryOf } from './listening/request.target.js';

/** How far a request's date may be from ours: five minutes, as at AWS. */
const MAX_SKEW_MS = 300_000;

const AUTHORIZATION =
  /^AWS4-HMAC-SHA256\s+Credential=([^/,\s]+)\/(\d{8})\/([^/,\s]+)\/([^/,\s]+)\/aws4_request,\s*SignedHeaders=([^,\s]+),\s*Signature=([0-9a-f]{64})$/;
const TIMESTAMP = /^(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})Z$/;

/** Checks that a request to `@connections` was signed with the configured keys (AWS Signature Version 4, service `execute-api`). */
export class SignatureVerifier {
  constructor(
    private readonly credentials: GatewayCredentials,
    private readonly region: string | null,
    private readonly clock: Clock,
  ) {}

  /** Why the request is refused, in words for its sender; `null` when it is in order. */
  refusal(request: IncomingMessage, payloadHash: string): string | null {
    const { authorization } = request.headers;
    if (authorization === undefined) return 'Missing Authentication Token';
    const match = AUTHORIZATION.exec(authorization);
    if (match === null) return `Expected the Authorization header to be that of ${SIGV4_ALGORITHM}`;
    const [accessKeyId, date, region, service, signedHeaders, signature] = match.slice(1) as [
      string,
      string,
      string,
      string,
      string,
      string,
    ];
    const timestamp = headerOf(request.headers, 'x-amz-date') ?? '';
    const names = signedHeaders.split(';');
    const claimedHash = headerOf(request.headers, 'x-amz-content-sha256');
    if (!sameText(accessKeyId, this.credentials.accessKeyId))
      return 'The security token included in the request is invalid';
    if (service !== 'execute-api') return 'Credential should be scoped to correct service: execute-api';
    if (this.region !== null && region !== this.region) return 'Credential should be scoped to a valid region';
    if (!names.includes('host') || !names.includes('x-amz-date'))
      return 'The headers host and x-amz-date must be signed';
    if (!timestamp.startsWith(date) || !this.isRecent(timestamp))
      return 'Signature expired or not yet valid; check the clock';
    if (claimedHash !== undefined && !sameText(claimedHash, payloadHash))
      return 'The x-amz-content-sha256 header does not match the body';
    const expected = this.expectedSignature(request, names, payloadHash, { date, region, service }, timestamp);
    return sameText(signature, expected)
      ? null
      : 'The request signature we calculated does not match the signature you provided';
  }

  private expectedSignature(
    request: IncomingMessage,
    names: readonly string[],
    payloadHash: string,
    scope: { date: string; region: string; service: string },
    timestamp: string,
  ): string {
    const [path = '', query = ''] = pathAndQueryOf(request).split(/\?(.*)/s);
    const headers = names.map((name) => [name, headerOf(request.headers, name) ?? ''] as const);
    const key = deriveSigningKey(this.credentials.secretAccessKey, scope);
    return sign(
      { method: request.method ?? '', path, query: new URLSearchParams(query), headers, payloadHash },
      key,
      scope,
      timestamp,
    );
  }

  private isRecent(timestamp: string): boolean {
    const match = TIMESTAMP.exec(timestamp);
    if (match === null) return false;
    const [year, month, day, hour, minute, second] = match.slice(1).map(Number) as [
      number,
      number,
      number,
      number,
      number,
      number,
    ];
    return Math.abs(this.clock.now() - Date.UTC(year, month - 1, day, hour, minute, second)) <= MAX_SKEW_MS;
  }
}

function headerOf(headers: IncomingHttpHeaders, name: string): string | undefined {
  const value = Object.hasOwn(headers, name) ? headers[name] : undefined;
  return Array.isArray(value) ? value.join(',') : value;
}

/** Compares without telling by its duration how much was right. */
function sameText(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.byteLength === right.byteLength && timingSafeEqual(left, right);
}
