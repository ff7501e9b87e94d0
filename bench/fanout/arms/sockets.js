import { Buffer } from 'node:buffer';
import { once } from 'node:events';
import { connect as connectPlain } from 'node:net';
import process from 'node:process';
import { connect as connectTls, createSecureContext } from 'node:tls';
import { readFileSync } from 'node:fs';
import { URL } from 'node:url';
import { createSigner } from './signer.js';

const HEAD_END = Buffer.from('\r\n\r\n');

/**
 * The floor: keep-alive sockets that nothing is signed for, nothing is retried on, and whose answers are read no further than the status.
 */
export async function socketsUnsigned({ endpoint, payload, concurrency }) {
  const { body, host, headers, pathOf } = createSigner(endpoint, payload);
  const { hostname, port, protocol } = new URL(endpoint);
  const fields = Object.entries(headers)
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join('');
  const tail = ` HTTP/1.1\r\n${fields}\r\n${body.toString('latin1')}`;
  const isSecure = protocol === 'https:';
  const secureContext = isSecure && createSecureContext({ ca: readFileSync(process.env.NODE_EXTRA_CA_CERTS) });
  const sockets = [];

  const open = async () => {
    const options = { host: hostname, port, noDelay: true };
    const socket = isSecure ? connectTls({ ...options, secureContext }) : connectPlain(options);
    sockets.push(socket);
    await once(socket, isSecure ? 'secureConnect' : 'connect');
  };

  const send = async (count) => {
    const missing = Math.min(concurrency, count) - sockets.length;
    await Promise.all(Array.from({ length: Math.max(0, missing) }, open));
    return new Promise((resolve, reject) => {
      let [next, done, delivered] = [0, 0, 0];
      const start = (socket) => socket.write(`POST ${pathOf(next++)}${tail}`, 'latin1');
      for (const socket of sockets) {
        socket.removeAllListeners('data');
        socket.once('error', reject);
        socket.on('data', (chunk) => {
          if (chunk.indexOf(HEAD_END) < 0) return reject(new Error(`An answer came in parts to ${host}.`));
          if (chunk[9] === 50) delivered++;
          if (++done === count) {
            for (const other of sockets) other.off('error', reject);
            resolve(delivered);
          } else if (next < count) start(socket);
        });
      }
      for (const socket of sockets.slice(0, count)) start(socket);
    });
  };
  return { send };
}
