import type { IncomingMessage } from 'node:http';

/** The scheme and authority in front of a path. */
const AUTHORITY = /^https?:\/\/([^/?#]*)/i;

/**
 * The path and query of a request. Beside the usual origin-form a server must accept the absolute-form that clients send to proxies
 * (RFC 9112 section 3.2.2).
 */
export function pathAndQueryOf({ url = '' }: { readonly url?: string | undefined }): string {
  const authority = AUTHORITY.exec(url)?.[0];
  if (authority === undefined) return url;
  const rest = url.slice(authority.length);
  return rest.startsWith('/') ? rest : `/${rest}`;
}

/** The host and port that a request is to: an absolute-form outweighs the header `Host` (RFC 9112 section 3.2.2). */
export function hostOf({ url = '', headers }: Pick<IncomingMessage, 'url' | 'headers'>): string {
  return AUTHORITY.exec(url)?.[1] ?? headers.host ?? '';
}
