import { Buffer } from 'node:buffer';
import { URL } from 'node:url';
import { RequestSigner, timestampOf } from '../../../dist/signing/request.signer.js';
import { sha256Hex } from '../../../dist/signing/sigv4.js';
import { idOf } from './ids.js';
import { credentials, REGION } from './credentials.js';

/** What each request consists of, with a signature by the package's own signer. */
export function createSigner(endpoint, payload) {
  const { host, pathname } = new URL(endpoint);
  const body = Buffer.from(JSON.stringify(payload));
  const payloadHash = sha256Hex(body);
  const timestamp = timestampOf(Date.now());
  const signer = new RequestSigner(REGION, 'execute-api');
  const headers = [
    ['content-length', String(body.length)],
    ['content-type', 'application/octet-stream'],
    ['host', host],
    ['x-amz-content-sha256', payloadHash],
    ['x-amz-date', timestamp],
    ['x-amz-security-token', credentials.sessionToken],
  ];
  const names = headers.map(([name]) => name).join(';');
  const canonicalTail = `\n\n${headers.map((pair) => pair.join(':')).join('\n')}\n`;
  return {
    body,
    host,
    headers: Object.fromEntries(headers),
    pathOf: (index) => `${pathname}/@connections/${encodeURIComponent(idOf(index))}`,
    authorize: (path) => {
      const canonicalPath = path.replace('@', '%40').replaceAll('%', '%25').replace('%2540', '%40');
      const canonicalRequest = `POST\n${canonicalPath}${canonicalTail}`;
      return signer.authorization(credentials, timestamp, canonicalRequest, names, payloadHash);
    },
  };
}
