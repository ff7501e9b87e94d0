import { WebSocketServer, type Server } from 'ws';
import type { ResolvedGatewayOptions } from '../options/gateway.options-resolver.js';
import { GatewaySocket } from './gateway.socket.js';

/** The WebSocket library, which finishes handshakes and reads frames. */
export type SocketServer = Server<typeof GatewaySocket>;

/**
 * Without context takeover neither side keeps more than one message's state, and one compressed frame is right for every client. What is inflated
 * of a message comes in chunks, whose buffer stays with its connection.
 */
const PER_MESSAGE_DEFLATE = Object.freeze({
  serverNoContextTakeover: true,
  clientNoContextTakeover: true,
  zlibInflateOptions: Object.freeze({ chunkSize: 4_096 }),
});

/** A frame may arrive in so many pieces, however small they are. */
const MIN_PIECES = 4_096;

/** Each piece costs some 400 bytes until its frame is complete: what comes byte by byte would cost that for each byte that a message may have. */
const BYTES_PER_PIECE = 64;

/**
 * A message may come in so many fragments, or in fragments of so many bytes. Each may keep all that was read with it, 64 KB, until the message is complete.
 */
const MIN_FRAGMENTS = 256;
const BYTES_PER_FRAGMENT = 4_096;

/** @param chooseProtocol the subprotocol of the handshake that is being finished, `false` for none */
export function createSocketServer(
  { maxMessageBytes, compression }: Pick<ResolvedGatewayOptions, 'maxMessageBytes' | 'compression'>,
  chooseProtocol: () => string | false,
): SocketServer {
  return new WebSocketServer({
    noServer: true,
    WebSocket: GatewaySocket,
    // The socket answers pings by itself: the library would drop a client that pings much and reads little.
    autoPong: false,
    clientTracking: false,
    maxPayload: maxMessageBytes,
    maxFragments: Math.max(MIN_FRAGMENTS, Math.ceil(maxMessageBytes / BYTES_PER_FRAGMENT)),
    maxBufferedChunks: Math.max(MIN_PIECES, Math.ceil(maxMessageBytes / BYTES_PER_PIECE)),
    perMessageDeflate: compression === null ? false : PER_MESSAGE_DEFLATE,
    // Left to itself it would choose the first protocol that a client offers; on API Gateway the answer to $connect chooses.
    handleProtocols: chooseProtocol,
  });
}
