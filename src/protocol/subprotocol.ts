import type { WebSocketConnectEvent } from './events.js';

/** The name of a subprotocol is a token (RFC 6455 section 4.1, RFC 9110 section 5.6.2). */
const TOKEN = /^[\w!#$%&'*+.^`|~-]+$/;

export function isSubprotocol(text: string): boolean {
  return TOKEN.test(text);
}

/** The names and values of headers or of a query string, one pair for each value; whatever in them is no text is left out. */
export function pairsOf(values: object | null | undefined): readonly (readonly [string, string])[] {
  return Object.entries(values ?? {}).flatMap(([name, value]) =>
    [value as unknown].flat().flatMap((text) => (typeof text === 'string' ? [[name, text] as const] : [])),
  );
}

/** The values of a header, whatever case its name is in: a custom domain lowers it. */
export function valuesOfHeader(event: WebSocketConnectEvent, lowerCaseName: string): readonly string[] {
  const pairs = pairsOf(event.multiValueHeaders ?? event.headers);
  return pairs.flatMap(([name, value]) => (name.toLowerCase() === lowerCaseName ? [value] : []));
}

/** The subprotocols that a client offers, in its order. */
export function protocolsOffered(event: WebSocketConnectEvent): readonly string[] {
  return valuesOfHeader(event, 'sec-websocket-protocol')
    .flatMap((value) => value.split(','))
    .map((name) => name.trim())
    .filter(isSubprotocol);
}

/** The first of the server's subprotocols that the client offers, `null` when there is none. */
export function chooseSubprotocol(event: WebSocketConnectEvent, ours: readonly string[]): string | null {
  if (ours.length === 0) return null;
  const offered = new Set(protocolsOffered(event));
  return ours.find((name) => offered.has(name)) ?? null;
}
