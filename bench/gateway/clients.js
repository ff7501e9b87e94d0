// A process with the clients of one server: sockets that count the bytes they get and look at none of them.
import { Buffer } from 'node:buffer';
import { connect } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { answerByName } from '../fanout/answers.js';
import { framesAfterHead, handshake } from './handshake.js';
import { frameOf } from './text-frame.js';

/** How many handshakes are under way at once. */
const AT_ONCE = 64;

const scratch = Buffer.allocUnsafe(262_144);
const clients = [];
let [received, wake] = [0, () => undefined];

class Client {
  got = 0;
  head = '';
  onBytes = null;

  constructor({ port, path, offer, hello, frames = 0, isBare }) {
    this.opened = new Promise((resolve, reject) => {
      this.socket = connect({
        port,
        host: '127.0.0.1',
        noDelay: true,
        onread: { buffer: scratch, callback: (n) => this.take(n) },
      });
      this.socket.once('error', reject);
      this.socket.once('connect', () => {
        if (isBare) resolve();
        else this.socket.write(handshake(path, offer));
      });
      if (isBare) this.head = null;
      else this.handshake = { hello, frames, resolve, reject };
    });
  }

  take(count) {
    if (this.head !== null) this.takeHead(scratch.latin1Slice(0, count));
    else if (this.onBytes !== null) this.onBytes(count);
    else {
      received += count;
      wake();
    }
    return true;
  }

  takeHead(text) {
    this.head += text;
    const { hello, frames, resolve, reject } = this.handshake;
    if (!this.head.startsWith('HTTP/1.1 101'.slice(0, this.head.length))) reject(new Error(`Refused: ${this.head}`));
    if (hello !== undefined && this.head.includes('\r\n\r\n')) {
      this.socket.write(frameOf(hello));
      this.handshake.hello = undefined;
    }
    if (framesAfterHead(this.head) < frames) return;
    this.head = null;
    this.handshake = null;
    resolve();
  }
}

const questions = {
  async open({ count, ...to }) {
    let left = count;
    const one = async () => {
      while (left-- > 0) {
        const client = new Client(to);
        await client.opened;
        clients.push(client);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, one));
    return {};
  },

  /** Resolves when so many bytes have come since the last time. */
  async expect({ bytes }) {
    while (received < bytes) await new Promise((resolve) => (wake = resolve));
    received = 0;
    return {};
  },

  /** Sends a message from each of some clients and the next when its answer is there, until so many are answered. */
  async echo({ text, connections, messages }) {
    const frame = frameOf(text);
    const some = clients.slice(0, connections);
    const answerBytes = await answerTo(frame, some[0]);
    let [left, open] = [messages, messages];
    await new Promise((resolve) => {
      for (const client of some) {
        client.got = 0;
        client.onBytes = (count) => {
          for (client.got += count; client.got >= answerBytes; client.got -= answerBytes) {
            if (--open === 0) resolve();
            if (left-- > 0) client.socket.write(frame);
          }
        };
        if (left-- > 0) client.socket.write(frame);
      }
    });
    for (const client of some) client.onBytes = null;
    return {};
  },
};

/** How many bytes the answer to a frame has: those that come before it is quiet. */
async function answerTo(frame, client) {
  let bytes = 0;
  client.onBytes = (count) => (bytes += count);
  client.socket.write(frame);
  do await setTimeout(50);
  while (bytes === 0);
  return bytes;
}

answerByName(questions, { ready: true });
