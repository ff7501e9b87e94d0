import { once } from 'node:events';
import { Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { DynamoDBClient, type DynamoDBClientConfig } from '@aws-sdk/client-dynamodb';
import dynalite, { type DynaliteOptions } from 'dynalite';

/** A DynamoDB of the test's own, in this process, that keeps nothing. */
export class DynamoDbServer {
  private server: Server | undefined;
  private port = 0;
  private readonly sockets = new Set<Socket>();

  private constructor(private readonly options: DynaliteOptions) {}

  static async start(options: DynaliteOptions = {}): Promise<DynamoDbServer> {
    const server = new DynamoDbServer(options);
    await server.restart();
    return server;
  }

  get endpoint(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** A client of this server, for the test to destroy. */
  client(config: DynamoDBClientConfig = {}): DynamoDBClient {
    return new DynamoDBClient({
      endpoint: this.endpoint,
      region: 'eu-west-1',
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
      // Many at once is what tests are about, and nothing to warn of.
      requestHandler: { socketAcquisitionWarningTimeout: 600_000 },
      ...config,
    });
  }

  /** Starts it again, without tables, on the same port. */
  async restart(): Promise<void> {
    const server = (this.server = dynalite({ createTableMs: 0, deleteTableMs: 0, ...this.options }));
    server.on('connection', (socket: Socket) => {
      this.sockets.add(socket);
      socket.once('close', () => this.sockets.delete(socket));
    });
    // Node would close connections that were idle for five seconds, of which a busy machine makes many, in the middle of the next request.
    server.keepAliveTimeout = 0;
    server.listen(this.port, '127.0.0.1');
    await once(server, 'listening');
    this.port = (server.address() as AddressInfo).port;
  }

  /** Ends it as a crash would: whoever waits for an answer gets none. */
  async kill(): Promise<void> {
    const { server } = this;
    this.server = undefined;
    if (server === undefined) return;
    // Only the server: Dynalite also closes its database, and throws at what is still being written to it.
    const closed = new Promise<void>((resolve) => Server.prototype.close.call(server, () => resolve()));
    for (const socket of this.sockets) socket.destroy();
    await closed;
  }
}
