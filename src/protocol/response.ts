/** What a WebSocket route answers API Gateway with. Any other key would make API Gateway report an internal error. */
export interface WebSocketResponse {
  /** On `$connect` every 2xx opens the connection, and any other status becomes the status of the refused handshake. */
  readonly statusCode: number;
  /** A JSON text, or nothing. Reaches the client only on routes that have a route response. */
  readonly body: string;
  /** On `$connect`: headers of the handshake's answer, e.g. `Sec-WebSocket-Protocol`. */
  readonly headers?: Readonly<Record<string, string>>;
}

const ok = (message: string): WebSocketResponse =>
  Object.freeze({ statusCode: 200, body: JSON.stringify({ message }) });
const refused = (statusCode: number, error: string): WebSocketResponse =>
  Object.freeze({ statusCode, body: JSON.stringify({ error }) });

/** The answers of `handle`, with the bodies that users of laravel-bref/websocket know. */
export const Responses = Object.freeze({
  connected: ok('Connected'),
  disconnected: ok('Disconnected'),
  messageReceived: ok('Message received'),
  customRouteHandled: ok('Custom route handled'),
  /** A message of the protocol was taken: what there is to say was posted. */
  taken: Object.freeze({ statusCode: 200, body: '' }),
  internalError: refused(500, 'Internal server error'),
  unavailable: refused(503, 'Service unavailable'),
  malformed: (statusCode: 400 | 413, reason: string): WebSocketResponse => refused(statusCode, reason),
});

/** A 200 whose body is `value` as JSON. @throws TypeError when `value` has no JSON form */
export function respondWith(value: unknown): WebSocketResponse {
  const body = JSON.stringify(value) as string | undefined;
  if (body === undefined) throw new TypeError('A listener returned a value that has no JSON form.');
  return { statusCode: 200, body };
}
