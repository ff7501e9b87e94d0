import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { Inbox } from './gateway-inbox.js';

/** A request as the server got it. */
export interface ManagementRequest {
  readonly method: string;
  readonly url: string;
  readonly connectionId: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

export interface ManagementAnswer {
  readonly status: number;
  /** Sent as `x-amzn-ErrorType`. */
  readonly error?: string;
  readonly body?: string;
}

/** Answers one request; `null` leaves it without an answer for ever. */
export type Respond = (
  request: ManagementRequest,
) => ManagementAnswer | number | null | Promise<ManagementAnswer | number | null>;

const started: ManagementApiServer[] = [];

/** Stops what {@link ManagementApiServer.start} started; call it after each test. */
export async function stopManagementApis(): Promise<void> {
  await Promise.all(started.splice(0).map((server) => server.stop()));
}

/** An HTTP server in the place of API Gateway's Management API, which answers as the test says. */
export class ManagementApiServer {
  readonly requests = new Inbox<ManagementRequest>();
  /** One entry for each TCP connection that was closed. */
  readonly closedSockets = new Inbox<Socket>();
  /** How many TCP connections there have been. */
  sockets = 0;
  /** The most requests that were under way at once. */
  mostUnderWay = 0;
  underWay = 0;

  private constructor(
    private readonly server: Server,
    private respond: Respond,
  ) {
    server.on('connection', (socket) => {
      this.sockets++;
      socket.once('close', () => this.closedSockets.push(socket));
    });
    server.on('request', (request, response) => void this.serve(request, response));
  }

  static async start(respond: Respond = () => 200): Promise<ManagementApiServer> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const api = new ManagementApiServer(server, respond);
    started.push(api);
    return api;
  }

  get host(): string {
    return `127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  endpoint(stage = 'prod'): string {
    return `http://${this.host}/${stage}`;
  }

  /** Answers differently from now on. */
  answerWith(respond: Respond): void {
    this.respond = respond;
  }

  /** The messages that were posted to each connection, decoded. */
  get inboxes(): Record<string, unknown[]> {
    const inboxes: Record<string, unknown[]> = {};
    for (const { method, connectionId, body } of this.requests.all) {
      if (method === 'POST') (inboxes[connectionId] ??= []).push(JSON.parse(body.toString()));
    }
    return inboxes;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async serve(message: IncomingMessage, response: ServerResponse): Promise<void> {
    this.mostUnderWay = Math.max(this.mostUnderWay, ++this.underWay);
    response.once('close', () => this.underWay--);
    const chunks: Buffer[] = [];
    for await (const chunk of message as AsyncIterable<Buffer>) chunks.push(chunk);
    const { method = '', url = '', headers } = message;
    const connectionId = decodeURIComponent(url.split('/@connections/')[1] ?? '');
    const request = { method, url, connectionId, headers, body: Buffer.concat(chunks) };
    this.requests.push(request);
    const answer = await this.respond(request);
    if (answer === null) return;
    const { status, error, body = '' } = typeof answer === 'number' ? { status: answer, error: undefined } : answer;
    response.writeHead(status, error === undefined ? {} : { 'x-amzn-ErrorType': error }).end(body);
  }
}
