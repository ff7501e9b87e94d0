import type { IncomingMessage } from 'node:http';
import { UNCOMPRESSED } from './framed.message.js';

/** RFC 7692 section 7. */
const NAME = 'permessage-deflate';

/** A window of 4 KB is all that a connection whose client compresses keeps in memory. */
const CLIENT_WINDOW_BITS = 12;

/** The windows that may be asked for (RFC 7692 section 7.1.2). */
const WINDOW_BITS = /^(?:[89]|1[0-5])$/;

/** The end of an offer, or one parameter of it; a value may be quoted (RFC 6455 section 9.1). */
const PARAMETER = /^([\w!#$%&'*+.^`|~-]+)(?:\s*=\s*(?:"([\w-]+)"|([\w-]+)))?$/;

/** What a server and a client agreed upon. */
export interface AcceptedOffer {
  /** The offer in a form that `ws` accepts as it stands. */
  readonly offer: string;
  /** The base-2 logarithm of the largest window that the client inflates with. */
  readonly windowBits: number;
}

/** The first offer of a `Sec-WebSocket-Extensions` header that can be accepted; `null` declines them all. */
export function acceptOffer(header: string): AcceptedOffer | null {
  for (const offer of header.split(',')) {
    const [name, ...parameters] = offer.split(';').map((part) => part.trim());
    const accepted = name === NAME ? acceptParameters(parameters) : null;
    if (accepted !== null) return accepted;
  }
  return null;
}

/** `null` for what a server must decline (RFC 7692 section 7.1): parameters that are unknown, repeated, or have a wrong value. */
function acceptParameters(parameters: readonly string[]): AcceptedOffer | null {
  const offered = new Map<string, string | true>();
  for (const parameter of parameters) {
    const [, name, quoted, value] = PARAMETER.exec(parameter) ?? [];
    if (name === undefined || offered.has(name) || !isValid(name, quoted ?? value)) return null;
    offered.set(name, quoted ?? value ?? true);
  }
  const serverBits = offered.get('server_max_window_bits');
  const clientBits = offered.get('client_max_window_bits');
  const agreed = [NAME];
  if (serverBits !== undefined) agreed.push(`server_max_window_bits=${serverBits}`);
  if (clientBits !== undefined) {
    agreed.push(
      `client_max_window_bits=${Math.min(CLIENT_WINDOW_BITS, clientBits === true ? 15 : Number(clientBits))}`,
    );
  }
  return { offer: agreed.join('; '), windowBits: Number(serverBits ?? 15) };
}

function isValid(name: string, value: string | undefined): boolean {
  switch (name) {
    case 'server_no_context_takeover':
    case 'client_no_context_takeover':
      return value === undefined;
    case 'server_max_window_bits':
      return value !== undefined && WINDOW_BITS.test(value);
    case 'client_max_window_bits':
      return value === undefined || WINDOW_BITS.test(value);
    default:
      return false;
  }
}

/**
 * Leaves of a handshake's offers the one that is accepted, for `ws` to answer: left to choose by itself it refuses the whole handshake for one
 * offer that it does not know.
 *
 * @returns the window that the client inflates with
 */
export function narrowOffers({ headers }: IncomingMessage): number {
  const accepted = acceptOffer(headers['sec-websocket-extensions'] ?? '');
  if (accepted === null) delete headers['sec-websocket-extensions'];
  else headers['sec-websocket-extensions'] = accepted.offer;
  return accepted?.windowBits ?? UNCOMPRESSED;
}
