import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A request that came in at `@connections`. */
export interface ConnectionsRequest {
  readonly method: string;
  readonly path: string;
  readonly connectionId: string;
  readonly body: string;
}

/** Answers a request; `200` for whoever does not care. */
export type Answer = (request: ConnectionsRequest, response: ServerResponse) => number | undefined;

/** A plain HTTP server in the place of API Gateway's Management API. Remembers what it was asked. */
export class ConnectionsServer {
  readonly requests: ConnectionsRequest[] = [];
  /** The most requests that were open at once. */
  peak = 0;
  private open = 0;

  private constructor(
    private readonly server: Server,
    private answer: Answer,
  ) {}

  static async start(answer: Answer = () => 200): Promise<ConnectionsServer> {
    const server = createServer();
    const connections = new ConnectionsServer(server, answer);
    server.on('request', (request, response) => void connections.serve(request, response));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return connections;
  }

  /** The endpoint of a stage, as the option `apiGatewayEndpoint` takes it. */
  endpoint(stage = 'prod'): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/${stage}`;
  }

  answerWith(answer: Answer): void {
    this.answer = answer;
  }

  /** The messages that each connection got, decoded. */
  get inboxes(): Record<string, unknown[]> {
    const inboxes: Record<string, unknown[]> = {};
    for (const { method, connectionId, body } of this.requests) {
      if (method === 'POST') (inboxes[connectionId] ??= []).push(JSON.parse(body));
    }
    return inboxes;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.peak = Math.max(this.peak, ++this.open);
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    const path = request.url ?? '';
    const connectionId = decodeURIComponent(path.split('/@connections/')[1] ?? '');
    const recorded = { method: request.method ?? '', path, connectionId, body: Buffer.concat(chunks).toString() };
    this.requests.push(recorded);
    const status = this.answer(recorded, response);
    this.open--;
    if (status !== undefined) response.writeHead(status).end();
  }
}
