import { createServer } from 'node:http';
import { Server } from 'socket.io';
import { EMIT } from './arms.js';

/** Longer than a run: the clients answer no pings. */
const NEVER_MS = 86_400_000;

/** socket.io on its WebSocket transport, which its clients come to at once. Compressed, it has its own defaults but for the threshold. */
export async function start({ isCompressed = false }) {
  const server = createServer();
  const perMessageDeflate = isCompressed ? { threshold: 0 } : false;
  const io = new Server(server, {
    transports: ['websocket'],
    pingInterval: NEVER_MS,
    serveClient: false,
    perMessageDeflate,
  });
  io.on('connection', (socket) => socket.on('echo', (message) => socket.emit('echo', message)));
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    server,
    path: '/socket.io/?EIO=4&transport=websocket',
    // What its client sends to enter the namespace, and what it waits for.
    hello: '40',
    // The one that opens, and the answer to the hello; compressed, they cannot be read.
    frames: 2,
    wrap: (data) => `42${JSON.stringify(['echo', data])}`,
    calls: { [EMIT]: ({ data }) => void io.emit('news', data) },
    ready: () => io.sockets.sockets.size,
  };
}
