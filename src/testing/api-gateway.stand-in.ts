import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ApiGatewayLimits } from '../protocol/limits.js';
import {
  errorTypeOf,
  StandInScript,
  type DecideReply,
  type StandInAnswer,
  type StandInReply,
  type StandInRequest,
} from './stand-in.script.js';
import { StandInSockets, type EventHandler, type StandInApi } from './stand-in.sockets.js';

const STAGE = 'prod';

const CONNECTIONS = new RegExp(`^/${STAGE}/(?:@|%40)connections/([^/?]+)$`);

const decoder = new TextDecoder();

/**
 * API Gateway on a port of this machine: takes what is posted to `@connections`, keeps it, and fails as it is told to. Signatures are not looked at.
 * With a handler it takes WebSocket clients, too, and makes events of them.
 *
 * Every connection exists until it is deleted or declared gone; once there is a handler, those exist whose sockets are open.
 *
 * @example
 * await using aws = await ApiGatewayStandIn.start();
 * const module = WebSocketModule.forRoot({ apiGatewayEndpoint: aws.endpoint, credentials: aws.credentials });
 */
export class ApiGatewayStandIn {
  /** Keys to sign with, which nobody checks. */
  readonly credentials = Object.freeze({ accessKeyId: 'stand-in', secretAccessKey: 'stand-in' });
  /** Every request, in the order in which they came, those that failed among them. */
  readonly requests: StandInRequest[] = [];
  private readonly messages = new Map<string, unknown[]>();
  private readonly gone = new Set<string>();
  private readonly script = new StandInScript();
  private readonly startedAt = new Date().toISOString();
  private sockets: StandInSockets | null = null;

  private constructor(private readonly server: Server) {
    server.on('request', (request, response) => {
      // The client went away in the middle, or the stand-in has stopped.
      this.serve(request, response).catch(() => response.destroy());
    });
    server.on('upgrade', (request, socket, head) => {
      if (this.sockets?.upgrade(request, socket, head) !== true) socket.destroy();
    });
  }

  /** Starts to listen, on a free port of 127.0.0.1. */
  static async start(): Promise<ApiGatewayStandIn> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new ApiGatewayStandIn(server);
  }

  /** For the option `apiGatewayEndpoint`. */
  get endpoint(): string {
    return `http://${this.host}/${STAGE}`;
  }

  /** For clients, once there is a handler. */
  get url(): string {
    return `ws://${this.host}/${STAGE}`;
  }

  /**
   * Takes WebSocket clients from now on, within API Gateway's limits, and gives their events to a handler.
   *
   * @example
   * await aws.invoke(createLambdaHandler(AppModule), { routes: ['join', 'say'] });
   * const client = new WebSocket(aws.url);
   */
  async invoke(handler: EventHandler, api: StandInApi = {}): Promise<void> {
    await this.sockets?.close();
    this.sockets = await StandInSockets.create(`/${STAGE}`, handler, api);
  }

  /** What a connection was posted and got, parsed where it is JSON. */
  messagesOf(connectionId: string): readonly unknown[] {
    return [...(this.messages.get(connectionId) ?? [])];
  }

  /** Answers the next requests like this, one each, whichever connections they are for. */
  answerNext(...replies: readonly StandInReply[]): void {
    this.script.add(replies);
  }

  /** Has a function decide about each request from now on. */
  answerWith(decide: DecideReply): void {
    this.script.decideWith(decide);
  }

  /** Answers 410 for a connection from now on. */
  forget(connectionId: string): void {
    this.gone.add(connectionId);
  }

  /**
   * Closes every socket, and stops to listen.
   *
   * @throws what the function of {@link answerWith} threw, if it did
   */
  async stop(): Promise<void> {
    this.script.end();
    const closed = new Promise((resolve) => this.server.close(resolve));
    await this.sockets?.close();
    this.server.closeAllConnections();
    await closed;
    this.script.throwFailure();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  private get host(): string {
    return `127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  private async serve(message: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of message as AsyncIterable<Buffer>) chunks.push(chunk);
    const encodedId = CONNECTIONS.exec(message.url ?? '')?.[1];
    if (encodedId === undefined) {
      answer(response, { status: 403 });
      return;
    }
    const { method = 'GET', headers } = message;
    const request = { method, connectionId: decodeURIComponent(encodedId), headers, body: Buffer.concat(chunks) };
    this.requests.push(request);
    const reply = await this.script.replyTo(request);
    if (reply === 'never') return;
    if (reply === 'dropped') message.socket.resetAndDestroy();
    else if (reply?.status === undefined) answer(response, { ...(await this.act(request)), ...reply });
    else answer(response, this.accepted(request, reply));
  }

  /** A scripted success is one: the message has arrived. */
  private accepted(request: StandInRequest, reply: StandInAnswer): StandInAnswer {
    if (reply.status === 200 && request.method === 'POST') this.keep(request);
    return reply;
  }

  private async act(request: StandInRequest): Promise<StandInAnswer> {
    const { method, connectionId, body } = request;
    const exists = !this.gone.has(connectionId) && this.sockets?.has(connectionId) !== false;
    if (!exists) return { status: 410 };
    if (method === 'GET') return { status: 200, body: JSON.stringify({ connectedAt: this.startedAt }) };
    if (method === 'DELETE') {
      await this.sockets?.disconnect(connectionId);
      this.gone.add(connectionId);
      return { status: 204 };
    }
    if (method !== 'POST') return { status: 405 };
    if (body.byteLength > ApiGatewayLimits.messageBytes) return { status: 413 };
    if (this.sockets !== null && this.sockets.send(connectionId, body) !== 'delivered') return { status: 410 };
    this.keep(request);
    return { status: 200 };
  }

  private keep({ connectionId, body }: StandInRequest): void {
    const messages = this.messages.get(connectionId) ?? [];
    this.messages.set(connectionId, messages);
    messages.push(parsed(decoder.decode(body)));
  }
}

function answer(
  response: ServerResponse,
  { status = 200, body = '', errorType = errorTypeOf(status) }: StandInAnswer,
): void {
  response.writeHead(status, {
    'x-amzn-RequestId': randomUUID(),
    ...(errorType !== undefined && { 'x-amzn-ErrorType': errorType }),
    ...(status !== 204 && { 'Content-Length': Buffer.byteLength(body) }),
  });
  response.end(body);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
