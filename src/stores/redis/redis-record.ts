import type { Connection } from '../../contracts/connection.js';
import { decodeName } from '../encoded-name.js';

/** What the names of a record's fields that stand for channels start with; their values are the order of joining. */
export const CHANNEL_FIELD = '#';

const AWS_ENDPOINT = /^https:\/\/([a-z0-9]+)\.execute-api\.([a-z0-9-]+)\.amazonaws\.com\/([^:/]+)$/;
const SHORT_ENDPOINT = /^([a-z0-9]+)\.([a-z0-9-]+)\/([^:/]+)$/;

/**
 * An endpoint of API Gateway as `abc123.eu-west-1/production`; any other as it is. Redis keeps a hash compact while no value is longer than 64
 * bytes: written out, many endpoints are, and the record would take twice the memory.
 */
export function shortenEndpoint(endpoint: string): string {
  return endpoint.replace(AWS_ENDPOINT, '$1.$2/$3');
}

/** Undoes {@link shortenEndpoint}. An endpoint that was not shortened has a scheme, hence a colon. */
export function expandEndpoint(endpoint: string): string {
  return endpoint.replace(SHORT_ENDPOINT, 'https://$1.execute-api.$2.amazonaws.com/$3');
}

/** The fields of a new record but its user and its expiry; what is absent or usual takes no space. */
export function fieldsOf({ connectedAt, routeKey, endpoint }: Connection): string[] {
  const fields = ['at', String(connectedAt)];
  if (routeKey !== '$connect') fields.push('route', routeKey);
  if (endpoint !== null) fields.push('endpoint', shortenEndpoint(endpoint));
  return fields;
}

/** The connection in a reply of names and values in turn; `null` for an empty one. */
export function readRecord(connectionId: string, reply: readonly string[]): Connection | null {
  if (reply.length === 0) return null;
  let connectedAt = 0;
  let userId: string | null = null;
  let routeKey = '$connect';
  let endpoint: string | null = null;
  const joined: (readonly [channel: string, order: number])[] = [];
  for (let index = 0; index < reply.length; index += 2) {
    const field = reply[index] as string;
    const value = reply[index + 1] as string;
    if (field.startsWith(CHANNEL_FIELD)) joined.push([decodeName(field.slice(1)), Number(value)]);
    else if (field === 'at') connectedAt = Number(value);
    else if (field === 'user') userId = decodeName(value);
    else if (field === 'route') routeKey = value;
    else if (field === 'endpoint') endpoint = expandEndpoint(value);
  }
  const channels = joined.sort(([, a], [, b]) => a - b).map(([channel]) => channel);
  return { connectionId, connectedAt, userId, routeKey, channels, endpoint };
}
