import type { IncomingMessage } from 'node:http';
import type { WebSocketResponse } from '../protocol/response.js';

const HEADER = 'sec-websocket-protocol';

/** The subprotocol that the answer to `$connect` chose, `null` for none: the only header of it that API Gateway passes on. */
export function chosenSubprotocol({ headers = {} }: WebSocketResponse): string | null {
  const [, chosen] = Object.entries(headers).find(([name]) => name.toLowerCase() === HEADER) ?? [];
  return chosen === undefined || chosen.trim() === '' ? null : chosen.trim();
}

/** Whether the client named this subprotocol among those that it speaks (RFC 6455 section 4.1: else it fails the connection). */
export function isOffered(subprotocol: string, request: IncomingMessage): boolean {
  const offers = request.headers[HEADER] ?? '';
  return offers.split(',').some((offer) => offer.trim() === subprotocol);
}
