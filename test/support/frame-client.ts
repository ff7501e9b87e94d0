import { once } from 'node:events';
import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { frame, FrameReader, type FrameParts, type ReceivedFrame } from './frames.js';
import { upgradeRequest } from './gateway-client.js';
import { Inbox } from './gateway-inbox.js';

const opened: FrameClient[] = [];

/** Drops what {@link FrameClient.open} opened; call it after each test, before the applications are closed. */
export function dropFrameClients(): void {
  for (const { socket } of opened.splice(0)) socket.destroy();
}

/** A client that does a handshake and then shows every frame of the server as it came, control frames too. It answers none by itself. */
export class FrameClient {
  readonly frames = new Inbox<ReceivedFrame>();
  readonly closed: Promise<void>;
  private readonly reader = new FrameReader();

  private constructor(
    readonly socket: Socket,
    /** The answer to the handshake, without its empty line. */
    readonly answer: string,
  ) {
    this.closed = new Promise((resolve) => socket.once('close', () => resolve()));
    socket.on('error', () => undefined);
    socket.on('data', (chunk: Buffer) => this.take(chunk));
  }

  static async open(
    { url }: { readonly url: string },
    headers: Readonly<Record<string, string>> = {},
  ): Promise<FrameClient> {
    const { port, pathname, protocol } = new URL(url);
    const isSecure = protocol === 'wss:';
    const to = { port: Number(port), host: '127.0.0.1' };
    const socket = isSecure ? connectTls({ ...to, rejectUnauthorized: false }) : connectTcp(to);
    await once(socket, isSecure ? 'secureConnect' : 'connect');
    socket.write(upgradeRequest({ path: pathname, headers }));
    let head = Buffer.alloc(0);
    while (!head.includes('\r\n\r\n')) head = Buffer.concat([head, ...((await once(socket, 'data')) as [Buffer])]);
    const end = head.indexOf('\r\n\r\n');
    const client = new FrameClient(socket, head.toString('latin1', 0, end));
    client.take(head.subarray(end + 4));
    opened.push(client);
    return client;
  }

  /** The value of `Sec-WebSocket-Extensions` in the answer. */
  get extensions(): string | null {
    return /^sec-websocket-extensions: (.*)$/im.exec(this.answer)?.[1] ?? null;
  }

  next(): Promise<ReceivedFrame> {
    return this.frames.next();
  }

  send(opcode: number, payload: Uint8Array | string = '', parts: Partial<FrameParts> = {}): void {
    this.socket.write(frame({ ...parts, opcode, payload }));
  }

  private take(chunk: Buffer): void {
    try {
      for (const received of this.reader.push(chunk)) this.frames.push(received);
    } catch (error) {
      this.socket.destroy(error as Error);
      throw error;
    }
  }
}
