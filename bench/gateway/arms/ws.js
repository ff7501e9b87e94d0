import { Buffer } from 'node:buffer';
import { createServer } from 'node:http';
import { WebSocket, WebSocketServer } from 'ws';
import { PREPARED, STRINGIFY } from './arms.js';

/** Bare `ws`, as its documentation shows it. Compressed, it has its own defaults but for the threshold: everything is compressed. */
export async function start({ isCompressed = false }) {
  const server = createServer();
  const sockets = new WebSocketServer({ server, perMessageDeflate: isCompressed ? { threshold: 0 } : false });
  sockets.on('connection', (socket) => {
    socket.on('message', (message) => socket.send(JSON.stringify(JSON.parse(message.toString()))));
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const sendAll = (make) => {
    if (!isCompressed) {
      for (const client of sockets.clients)
        if (client.readyState === WebSocket.OPEN) client.send(make(), { binary: false });
      return undefined;
    }
    // Compression goes on after the call: it is over once every message is written.
    return Promise.all(
      [...sockets.clients].map((client) => new Promise((done) => client.send(make(), { binary: false }, done))),
    );
  };
  return {
    server,
    path: '/',
    calls: {
      [PREPARED]: ({ data }) => {
        const bytes = Buffer.from(JSON.stringify(data));
        return sendAll(() => bytes);
      },
      [STRINGIFY]: ({ data }) => sendAll(() => JSON.stringify(data)),
    },
    ready: () => sockets.clients.size,
  };
}
