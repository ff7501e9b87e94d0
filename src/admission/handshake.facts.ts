import type { WebSocketConnectEvent } from '../protocol/events.js';
import { pairsOf, protocolsOffered, valuesOfHeader } from '../protocol/subprotocol.js';

/** What a handshake says, read from its event. */
export interface HandshakeFacts {
  /** How long the query string was, about; the path is not the client's choice. */
  readonly urlBytes: number;
  /** The values of all Origin headers. */
  readonly origins: readonly string[];
  /** By their names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string>>;
  readonly protocols: readonly string[];
}

export function factsOf(event: WebSocketConnectEvent): HandshakeFacts {
  const { queryStringParameters: query, multiValueQueryStringParameters: wholeQuery, headers } = event;
  const parameters = pairsOf(wholeQuery ?? query).map(([name, value]) => [name, value] as [string, string]);
  return {
    urlBytes: parameters.length === 0 ? 0 : Buffer.byteLength(new URLSearchParams(parameters).toString()),
    origins: valuesOfHeader(event, 'origin'),
    headers: lookup(pairsOf(headers).map(([name, value]) => [name.toLowerCase(), value])),
    query: lookup(pairsOf(query)),
    protocols: protocolsOffered(event),
  };
}

/** Nobody is to find a `toString` there, or a `__proto__`, that the client did not send. */
function lookup(pairs: readonly (readonly [string, string])[]): Record<string, string> {
  const values = Object.create(null) as Record<string, string>;
  for (const [name, value] of pairs) values[name] = value;
  return values;
}
