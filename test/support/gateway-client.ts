import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { connect as connectTcp, type Socket } from 'node:net';
import { WebSocket, type ClientOptions } from 'ws';
import { Inbox } from './gateway-inbox.js';

/** A WebSocket client whose messages are waited for one by one. */
export class GatewayClient {
  readonly messages = new Inbox<string>();
  readonly closed: Promise<{ code: number; reason: string }>;

  private constructor(readonly socket: WebSocket) {
    // API Gateway delivers everything as text.
    socket.on('message', (data: Buffer, isBinary) => this.messages.push(isBinary ? 'a binary frame' : data.toString()));
    socket.on('error', () => undefined);
    this.closed = new Promise((resolve) => {
      socket.once('close', (code, reason) => resolve({ code, reason: reason.toString() }));
    });
  }

  /** Starts a handshake; `opened()` tells when it is done. */
  static start(url: string, options: ClientOptions = {}): GatewayClient {
    return new GatewayClient(new WebSocket(url, options));
  }

  static async open(url: string, options: ClientOptions = {}): Promise<GatewayClient> {
    const client = GatewayClient.start(url, options);
    await client.opened();
    return client;
  }

  async opened(): Promise<void> {
    await once(this.socket, 'open');
  }

  /** The HTTP status that refused the handshake. */
  async refused(): Promise<number> {
    const [, response] = (await once(this.socket, 'unexpected-response')) as [unknown, IncomingMessage];
    response.resume();
    return response.statusCode ?? 0;
  }

  /** Sends text and bytes as they are, anything else as JSON. */
  send(data: unknown): void {
    this.socket.send(typeof data === 'string' || data instanceof Uint8Array ? data : JSON.stringify(data));
  }

  next(): Promise<string> {
    return this.messages.next();
  }

  async nextJson(): Promise<unknown> {
    return JSON.parse(await this.next());
  }

  async close(code?: number, reason?: string): Promise<void> {
    this.socket.close(code, reason);
    await this.closed;
  }
}

/** A TCP connection that says exactly what the test says. */
export class RawConnection {
  private received = Buffer.alloc(0);
  private readonly arrived = new Inbox<Buffer>();
  readonly closed: Promise<void>;

  private constructor(readonly socket: Socket) {
    socket.on('data', (chunk: Buffer) => {
      this.received = Buffer.concat([this.received, chunk]);
      this.arrived.push(chunk);
    });
    socket.on('error', () => undefined);
    this.closed = new Promise((resolve) => socket.once('close', () => resolve()));
  }

  static async open(port: number): Promise<RawConnection> {
    const socket = connectTcp({ port, host: '127.0.0.1' });
    const raw = new RawConnection(socket);
    await once(socket, 'connect');
    return raw;
  }

  /** Does a whole handshake. */
  static async upgraded(port: number, path = '/ws'): Promise<RawConnection> {
    const raw = await RawConnection.open(port);
    raw.socket.write(upgradeRequest({ path }));
    await raw.until('\r\n\r\n');
    return raw;
  }

  get text(): string {
    return this.received.toString('latin1');
  }

  /** Resolves when the text has arrived. */
  async until(text: string): Promise<string> {
    while (!this.text.includes(text)) await this.arrived.next();
    return this.text;
  }
}

/** The text of an opening handshake, with differences; a header that is `null` is left out. */
export function upgradeRequest({
  method = 'GET',
  path = '/ws',
  headers = {},
}: {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string | null>>;
}): string {
  const all = {
    Host: '127.0.0.1',
    Connection: 'Upgrade',
    Upgrade: 'websocket',
    'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
    'Sec-WebSocket-Version': '13',
    ...headers,
  };
  const lines = Object.entries(all).flatMap(([name, value]) => (value === null ? [] : [`${name}: ${value}`]));
  return [`${method} ${path} HTTP/1.1`, ...lines, '', ''].join('\r\n');
}

/** What a plain HTTP request was answered. */
export interface PlainAnswer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** Sends a plain HTTP request over a connection of its own. */
export async function fetchPlain(
  url: string,
  {
    method = 'GET',
    headers = {},
    body = '',
  }: { method?: string; headers?: Record<string, string>; body?: string } = {},
): Promise<PlainAnswer> {
  const request = httpRequest(url, { method, headers, agent: false });
  request.end(body);
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  const chunks: Buffer[] = [];
  for await (const chunk of response as AsyncIterable<Buffer>) chunks.push(chunk);
  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    body: Buffer.concat(chunks).toString(),
  };
}
