import { createServer as createPlain, type AddressInfo, type Server, type Socket } from 'node:net';
import { createSecureContext, createServer as createTls, type SecureContext } from 'node:tls';
import { Inbox } from './gateway-inbox.js';

/** A request as its bytes came. */
export interface RawRequest {
  readonly requestLine: string;
  readonly connectionId: string;
  /** Names as they were spelled, in the order in which they came. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: string;
  /** How many requests came over the same connection before. */
  readonly earlier: number;
}

/** Writes an answer to the socket, or does something worse. */
export type Misbehave = (socket: Socket, request: RawRequest) => void;

const started: FaultyServer[] = [];

/** Stops what {@link FaultyServer.start} started; call it after each test. */
export async function stopFaultyServers(): Promise<void> {
  await Promise.all(started.splice(0).map((server) => server.stop()));
}

/** A server that writes to its sockets whatever the test says, byte for byte. */
export class FaultyServer {
  readonly requests = new Inbox<RawRequest>();
  readonly sockets = new Set<Socket>();
  readonly closed = new Inbox<Socket>();
  /** How many connections there have been. */
  connections = 0;

  private constructor(
    private readonly server: Server,
    private misbehave: Misbehave,
    readonly isSecure: boolean,
  ) {
    server.on(isSecure ? 'secureConnection' : 'connection', (socket: Socket) => this.attend(socket));
    server.on('tlsClientError', () => undefined);
  }

  static async start(misbehave: Misbehave, { isSecure = false } = {}): Promise<FaultyServer> {
    const server = isSecure ? createTls({ key: TEST_KEY, cert: TEST_CERTIFICATE }) : createPlain();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const faulty = new FaultyServer(server, misbehave, isSecure);
    started.push(faulty);
    return faulty;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  get endpoint(): string {
    return `${this.isSecure ? 'https' : 'http'}://127.0.0.1:${this.port}/prod`;
  }

  behave(misbehave: Misbehave): void {
    this.misbehave = misbehave;
  }

  async stop(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private attend(socket: Socket): void {
    this.connections++;
    this.sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.sockets.delete(socket);
      this.closed.push(socket);
    });
    let unread = '';
    let earlier = 0;
    socket.on('data', (piece) => {
      unread += piece.toString('latin1');
      for (;;) {
        const end = unread.indexOf('\r\n\r\n');
        const length = Number(/\r\ncontent-length: (\d+)\r\n/i.exec(unread)?.[1] ?? 0);
        if (end < 0 || unread.length < end + 4 + length) return;
        const [requestLine = '', ...lines] = unread.slice(0, end).split('\r\n');
        const body = unread.slice(end + 4, end + 4 + length);
        unread = unread.slice(end + 4 + length);
        const connectionId = decodeURIComponent(/@connections\/(\S*)/.exec(requestLine)?.[1] ?? '');
        const headers = lines.map((line) => line.split(/: (.*)/s).slice(0, 2) as [string, string]);
        const request = { requestLine, connectionId, headers, body, earlier: earlier++ };
        this.requests.push(request);
        this.misbehave(socket, request);
      }
    });
  }
}

/** An answer with a body of this length. */
export function answer(status: number, headers: Readonly<Record<string, string>> = {}, body = ''): string {
  const all = { 'Content-Length': String(Buffer.byteLength(body)), ...headers };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${status} Whatever\r\n${lines.join('')}\r\n${body}`;
}

export function headerOf({ headers }: RawRequest, wanted: string): string | undefined {
  return headers.find(([name]) => name.toLowerCase() === wanted)?.[1];
}

/** What a client that trusts the server needs. */
export function trustingContext(): SecureContext {
  return createSecureContext({ ca: TEST_CERTIFICATE });
}

// Made for these tests with `openssl req -x509`, for localhost and 127.0.0.1; good for nothing else.
export const TEST_CERTIFICATE = `-----BEGIN CERTIFICATE-----
MIIBnDCCAUGgAwIBAgIUFgYJV40D114sImJa4nFt+KiAsBwwCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyMTE1MzUyNloYDzIxMjYxMDI4
MTUzNTI2WjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAAQY68hFBUPNFGGaIkeTVCcYwrFZg+h1FEP+htzCIK4t1Z8Mr8mvuzNo
drkB/8tiD8mEvQb2aWKa+2yUaPGmWAeGo28wbTAdBgNVHQ4EFgQUoSbunBcAkxdf
kpRk9OFEffaR1K8wHwYDVR0jBBgwFoAUoSbunBcAkxdfkpRk9OFEffaR1K8wDwYD
VR0TAQH/BAUwAwEB/zAaBgNVHREEEzARgglsb2NhbGhvc3SHBH8AAAEwCgYIKoZI
zj0EAwIDSQAwRgIhALrw9uVBvI7KVNCIDsv+O0klXJcXfyKNTmzGaFHmyIQoAiEA
qp4l+UIroFvHXeWio25VuwJzD9KHRlJUGoz2Y2R4F8w=
-----END CERTIFICATE-----`;
export const TEST_KEY = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgPQi+hDHRnj5YG+6g
ifFWJpun7k4e6tJ23LnDhUR9WLWhRANCAAQY68hFBUPNFGGaIkeTVCcYwrFZg+h1
FEP+htzCIK4t1Z8Mr8mvuzNodrkB/8tiD8mEvQb2aWKa+2yUaPGmWAeG
-----END PRIVATE KEY-----`;
