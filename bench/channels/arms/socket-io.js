import { createServer } from 'node:http';
import { Server } from 'socket.io';

/** Longer than a run: the clients answer no pings. */
const NEVER_MS = 86_400_000;

/** socket.io on its WebSocket transport, with events by which clients join and leave a room and send to it: it has none of its own. */
export async function start() {
  const server = createServer();
  const io = new Server(server, {
    transports: ['websocket'],
    pingInterval: NEVER_MS,
    serveClient: false,
    perMessageDeflate: false,
  });
  io.on('connection', (socket) => {
    socket.on('subscribe', async ({ channel }) => {
      await socket.join(channel);
      socket.emit('subscribed', { channel });
    });
    socket.on('unsubscribe', async ({ channel }) => {
      await socket.leave(channel);
      socket.emit('unsubscribed', { channel });
    });
    socket.on('publish', ({ channel, data }) => void io.to(channel).emit('message', { channel, data }));
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    server,
    path: '/socket.io/?EIO=4&transport=websocket',
    // What its client sends to enter the namespace, and the two frames that it waits for.
    hello: '40',
    frames: 2,
    // `42["s…`
    kindAt: 4,
  };
}
