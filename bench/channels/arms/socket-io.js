import { startSocketIo } from '../../gateway/arms/socket-io.server.js';

/** socket.io with events by which clients join and leave a room and send to it: it has none of its own. */
export async function start() {
  const { io, to } = await startSocketIo();
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
  return {
    ...to,
    // `42["s…`
    kindAt: 4,
  };
}
