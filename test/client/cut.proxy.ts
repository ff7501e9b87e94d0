import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** Stands between a client and a gateway, and misbehaves when it is told to. */
export class CutProxy {
  private readonly pairs = new Set<readonly [client: Socket, gateway: Socket]>();
  private swallowed = new Set<readonly [client: Socket, gateway: Socket]>();
  private passed = 0;
  private waiting: { readonly until: number; readonly resolve: () => void } | undefined;

  private constructor(
    private readonly server: Server,
    private readonly target: () => number,
  ) {
    server.on('connection', (client: Socket) => this.join(client));
  }

  /** @param target the port of the gateway, asked for each connection */
  static async start(target: () => number): Promise<CutProxy> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new CutProxy(server, target);
  }

  get url(): string {
    return `ws://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** Resolves when so many more pieces of data have come from gateways. */
  pieces(count: number): Promise<void> {
    return new Promise((resolve) => (this.waiting = { until: this.passed + count, resolve }));
  }

  /** Ends all connections without a close frame. */
  cut(): void {
    for (const sockets of this.pairs) for (const socket of sockets) socket.resetAndDestroy();
  }

  /** Leaves all connections open, and lets nothing through any more. */
  swallow(): void {
    for (const pair of this.pairs) this.swallowed.add(pair);
  }

  async stop(): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private join(client: Socket): void {
    const gateway = connect(this.target(), '127.0.0.1');
    const pair = [client, gateway] as const;
    this.pairs.add(pair);
    const forward = (from: Socket, to: Socket): void => {
      from.on('data', (data) => {
        if (this.swallowed.has(pair)) return;
        to.write(data);
        if (from === gateway) this.count();
      });
      from.on('error', () => undefined);
      from.on('close', () => {
        to.destroy();
        this.pairs.delete(pair);
        this.swallowed.delete(pair);
      });
    };
    forward(client, gateway);
    forward(gateway, client);
  }

  private count(): void {
    this.passed++;
    if (this.waiting === undefined || this.passed < this.waiting.until) return;
    const { resolve } = this.waiting;
    this.waiting = undefined;
    // The client gets the last of them before anything happens.
    setImmediate(resolve);
  }
}
