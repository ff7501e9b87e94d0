import { createServer } from 'node:http';
import { Server } from 'socket.io';

/** Longer than a run: the clients answer no pings. */
const NEVER_MS = 86_400_000;

/** socket.io on its WebSocket transport, which its clients come to at once, and how they come. */
export async function startSocketIo({ perMessageDeflate = false } = {}) {
  const server = createServer();
  const io = new Server(server, {
    transports: ['websocket'],
    pingInterval: NEVER_MS,
    serveClient: false,
    perMessageDeflate,
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const to = {
    server,
    path: '/socket.io/?EIO=4&transport=websocket',
    // What its client sends to enter the namespace, and what it waits for.
    hello: '40',
    // The one that opens, and the answer to the hello; compressed, they cannot be read.
    frames: 2,
  };
  return { io, to };
}
