import { EMIT } from './arms.js';
import { startSocketIo } from './socket-io.server.js';

/** socket.io. Compressed, it has its own defaults but for the threshold. */
export async function start({ isCompressed = false }) {
  const { io, to } = await startSocketIo({ perMessageDeflate: isCompressed ? { threshold: 0 } : false });
  io.on('connection', (socket) => socket.on('echo', (message) => socket.emit('echo', message)));
  return {
    ...to,
    wrap: (data) => `42${JSON.stringify(['echo', data])}`,
    calls: { [EMIT]: ({ data }) => void io.emit('news', data) },
    ready: () => io.sockets.sockets.size,
  };
}
