import { randomUUID } from 'node:crypto';

const SCHEME = 'local:';
const ALONE = 'alone:';

/** What endpoints of nodes look like, here and in the scripts of Redis: letters, digits and hyphens. */
const NODE_ENDPOINT = /^local:([a-zA-Z0-9-]{1,64})$/;

/**
 * A name that no process had before, for the sockets of this one: `local:…`.
 *
 * @param isAlone for a gateway that is to know of no others: no node has such a name, and so they leave it alone
 */
export function newLocalEndpoint(isAlone = false): string {
  return `${SCHEME}${isAlone ? ALONE : ''}${randomUUID()}`;
}

/** The node that holds a connection's socket; `null` where it is none. */
export function nodeOf(endpoint: string | null): string | null {
  return endpoint === null ? null : (NODE_ENDPOINT.exec(endpoint)?.[1] ?? null);
}
