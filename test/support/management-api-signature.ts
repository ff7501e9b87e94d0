import { deriveSigningKey, sha256Hex, sign, SIGV4_ALGORITHM } from '../../src/signing/sigv4.js';
import { testCredentials } from './management-api-client.js';

interface Signing {
  readonly url?: string;
  readonly method?: string;
  readonly body?: string;
  readonly accessKeyId?: string;
  readonly secretAccessKey?: string;
  readonly region?: string;
  readonly service?: string;
  /** How long ago it was signed. */
  readonly ageMs?: number;
  /** The path to sign in place of the one in the URL. */
  readonly signedPath?: string;
  /** Headers that are sent in place of the signed ones. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Headers that are sent, but not signed. */
  readonly unsigned?: readonly string[];
  /** Headers that are signed, but not sent. */
  readonly without?: readonly string[];
}

/** The headers of a request signed for `@connections`, rightly unless told otherwise. */
export function signedHeaders({
  url = '',
  method = 'POST',
  body = '',
  accessKeyId = testCredentials.accessKeyId,
  secretAccessKey = testCredentials.secretAccessKey,
  region = 'eu-west-1',
  service = 'execute-api',
  ageMs = 0,
  signedPath,
  headers = {},
  unsigned = [],
  without = [],
}: Signing): Record<string, string> {
  const { host, pathname } = new URL(url);
  const timestamp = new Date(Date.now() - ageMs).toISOString().replace(/[-:]|\.\d+/g, '');
  const scope = { date: timestamp.slice(0, 8), region, service };
  const all: [string, string][] = [
    ['host', host],
    ['x-amz-date', timestamp],
  ];
  const signed = all.filter(([name]) => !unsigned.includes(name));
  const signature = sign(
    { method, path: signedPath ?? pathname, query: [], headers: signed, payloadHash: sha256Hex(body) },
    deriveSigningKey(secretAccessKey, scope),
    scope,
    timestamp,
  );
  const authorization =
    `${SIGV4_ALGORITHM} Credential=${accessKeyId}/${scope.date}/${region}/${service}/aws4_request, ` +
    `SignedHeaders=${signed.map(([name]) => name).join(';')}, Signature=${signature}`;
  const sent = Object.entries({ ...Object.fromEntries(all), authorization, ...headers });
  return Object.fromEntries(sent.filter(([name]) => !without.includes(name)));
}
