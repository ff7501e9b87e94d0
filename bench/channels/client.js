import { Buffer } from 'node:buffer';
import { connect } from 'node:net';
import { FrameReader, frameOf, HEAD_BYTES } from './frames.js';

/** What the next bytes of any socket are read into. */
const scratch = Buffer.allocUnsafe(262_144);

const KEY = Buffer.alloc(16, 7).toString('base64');

/** A raw socket that speaks as much of WebSocket as it takes to ask, and to see what kind of answer comes. */
export class Client {
  /** Called with each message: its kind, and a function that reads its beginning. */
  onMessage = () => undefined;
  #head = '';
  #left;

  /**
   * @param to where the server is, by its greeting: `frames` short ones open a connection, and the character at `kindAt` tells messages apart
   */
  constructor(to) {
    const { port, path, hello, frames = 0, kindAt } = to;
    this.#left = frames;
    this.reader = new FrameReader((bytes, from, size) => {
      this.onMessage(bytes[from + kindAt], () => bytes.latin1Slice(from, from + Math.min(size, HEAD_BYTES)), size);
    });
    this.closed = new Promise((resolve) => (this.onClose = resolve));
    this.opened = new Promise((resolve, reject) => {
      const callback = (length) => this.#take(length, resolve, reject, hello);
      const onread = { buffer: scratch, callback };
      this.socket = connect({ port, host: '127.0.0.1', noDelay: true, onread });
      this.socket.once('error', reject).once('close', this.onClose);
      this.socket.once('connect', () => this.socket.write(handshake(path)));
    });
    // That of one whose server was killed is not waited for.
    this.opened.catch(() => undefined);
  }

  send(frame) {
    this.socket.write(frame);
  }

  #take(length, resolve, reject, hello) {
    if (this.#head === null) this.reader.take(scratch, length);
    else this.#open(scratch.latin1Slice(0, length), resolve, reject, hello);
    return true;
  }

  #open(text, resolve, reject, hello) {
    const isFirst = this.#head === '';
    this.#head += text;
    if (!this.#head.startsWith('HTTP/1.1 101')) reject(new Error(`Refused: ${this.#head}`));
    if (isFirst && hello !== undefined) this.socket.write(frameOf(hello));
    if (framesAfterHead(this.#head) < this.#left) return;
    this.#head = null;
    resolve();
  }
}

/** How many short frames have come after the answer to a handshake; -1 before the end of that. */
function framesAfterHead(head) {
  const end = head.indexOf('\r\n\r\n');
  if (end < 0) return -1;
  let frames = 0;
  for (let at = end + 4; at + 1 < head.length; frames++) {
    at += 2 + (head.charCodeAt(at + 1) & 0x7f);
    if (at > head.length) break;
  }
  return frames;
}

function handshake(path) {
  return `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: ${KEY}\r\nSec-WebSocket-Version: 13\r\n\r\n`;
}
