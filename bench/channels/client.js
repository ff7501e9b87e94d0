import { Buffer } from 'node:buffer';
import { connect } from 'node:net';
import { framesAfterHead, handshake } from '../gateway/handshake.js';
import { frameOf } from '../gateway/text-frame.js';
import { FrameReader, HEAD_BYTES } from './frames.js';

/** What the next bytes of any socket are read into. */
const scratch = Buffer.allocUnsafe(262_144);

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
