import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { WebSocket, WebSocketServer } from 'ws';
import { WebSocketClient, type WebSocketClientOptions } from '../../src/client/index.js';
import { ManualClock } from '../support/manual.clock.js';

export type Frame = Readonly<Record<string, unknown>>;
type Answer = (frame: Frame, peer: Peer) => Frame | undefined;

const WELCOME = { protocol: 1, connectionId: 'c', pingSeconds: 240, maxMessageBytes: 32_768 };

/** What every server of the protocol answers, unless a test says otherwise. */
const ANSWERS: Readonly<Record<string, Answer>> = {
  hello: () => ({ type: 'welcome', ...WELCOME }),
  subscribe: ({ channel }) => ({ type: 'subscribed', channel }),
  unsubscribe: ({ channel }) => ({ type: 'unsubscribed', channel }),
  ping: () => ({ type: 'pong', timestamp: 1 }),
};

/** A connection, as its server sees it. */
export class Peer {
  readonly frames: Frame[] = [];
  isClosed = false;
  private read = 0;
  private wake = (): void => undefined;

  constructor(
    readonly socket: WebSocket,
    readonly path: string,
    readonly protocols: readonly string[],
  ) {}

  send(frame: Frame | string): void {
    this.socket.send(typeof frame === 'string' ? frame : JSON.stringify(frame));
  }

  /** The next frame with an action; those before it are passed over. */
  async takes(action: string): Promise<Frame> {
    for (;;) {
      const frame = this.frames[this.read++];
      if (frame?.['action'] === action) return frame;
      if (frame !== undefined) continue;
      this.read--;
      await new Promise<void>((resolve) => (this.wake = resolve));
    }
  }

  /** Resolves when the client has handled all that was sent to it before. */
  async isRead(): Promise<void> {
    const id = `barrier-${this.frames.length}`;
    this.send({ type: 'request', id, data: 'barrier' });
    for (let reply = await this.takes('reply'); reply['id'] !== id;) reply = await this.takes('reply');
  }

  /** Resolves when the client has closed it. */
  async closed(): Promise<number> {
    if (this.isClosed) return 0;
    const [code] = (await once(this.socket, 'close')) as [number];
    return code;
  }

  push(frame: Frame): void {
    this.frames.push(frame);
    this.wake();
  }

  noticeClose(): void {
    this.isClosed = true;
  }
}

/** Speaks `docs/protocol.md` by a script, on a port of its own. */
export class ScriptedServer {
  readonly peers: Peer[] = [];
  answers: Record<string, Answer> = { ...ANSWERS };
  private taken = 0;
  private wake = (): void => undefined;

  private constructor(private readonly server: WebSocketServer) {
    server.on('connection', (socket, { url, headers }) => {
      const peer = new Peer(socket, url ?? '', headers['sec-websocket-protocol']?.split(/, */) ?? []);
      socket.on('message', (data: Buffer) => this.received(peer, JSON.parse(data.toString()) as Frame));
      socket.on('close', () => peer.noticeClose());
      this.peers.push(peer);
      this.wake();
    });
  }

  static async start(port = 0): Promise<ScriptedServer> {
    const server = new WebSocketServer({ host: '127.0.0.1', port });
    await once(server, 'listening');
    const scripted = new ScriptedServer(server);
    servers.push(scripted);
    return scripted;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  get url(): string {
    return `ws://127.0.0.1:${this.port}/ws`;
  }

  welcomes(facts: Frame): this {
    this.answers['hello'] = () => ({ type: 'welcome', ...WELCOME, ...facts });
    return this;
  }

  /** Each connection once, in the order in which they came. */
  async nextPeer(): Promise<Peer> {
    while (this.peers.length <= this.taken) await new Promise<void>((resolve) => (this.wake = resolve));
    return this.peers[this.taken++]!;
  }

  async stop(): Promise<void> {
    for (const { socket } of this.peers) socket.terminate();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private received(peer: Peer, frame: Frame): void {
    peer.push(frame);
    const answer = this.answers[String(frame['action'])]?.(frame, peer);
    if (answer) peer.send({ id: frame['id'], ...answer });
  }
}

const servers: ScriptedServer[] = [];
const clients: WebSocketClient[] = [];

/** A client on a clock that stands still, whose random numbers are all a half; it answers `isRead()`. */
export function clientOf(
  urls: string | readonly string[],
  options: Partial<WebSocketClientOptions> = {},
): { client: WebSocketClient; clock: ManualClock } {
  const clock = new ManualClock();
  const client = new WebSocketClient({ urls, WebSocket, clock, random: () => 0.5, ...options });
  client.onRequest((data) => (data === 'barrier' ? true : undefined));
  clients.push(client);
  return { client, clock };
}

/** Resolves when the client says this status. */
export function statusOf(client: WebSocketClient, wanted: string): Promise<void> {
  if (client.status === wanted) return Promise.resolve();
  return new Promise((resolve) => {
    const stop = client.onStatus(({ status }) => {
      if (status !== wanted) return;
      stop();
      resolve();
    });
  });
}

/** Passes the time until each next attempt as soon as it is known. */
export function waitForNothing(client: WebSocketClient, clock: ManualClock): void {
  client.onStatus(({ retryInMs }) => {
    if (retryInMs !== undefined) setImmediate(() => void clock.advance(retryInMs));
  });
}

/** Ends what a test began; call it after each. */
export async function endScripts(): Promise<void> {
  for (const client of clients.splice(0)) client.close();
  await Promise.all(servers.splice(0).map((server) => server.stop()));
}
