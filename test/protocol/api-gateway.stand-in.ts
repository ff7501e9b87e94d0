import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { WebSocket, WebSocketServer } from 'ws';
import { ApiGatewayLimits } from '../../src/protocol/limits.js';
import { goldenEvent } from '../support/gateway-events.js';

/** Runs the function: any of its instances, any number at once. */
export type Invoke = (event: object) => Promise<{ readonly statusCode?: number }>;

interface Visitor {
  readonly connectedAt: number;
  /** `null` until `$connect` is answered: until then nothing can be sent. */
  socket: WebSocket | null;
}

/**
 * API Gateway for one function, as far as its documents tell what it does: `$connect` before the handshake is answered, every message an invocation of its
 * own that waits for no other, what the function returns thrown away, and the Management API on the same port.
 */
export class ApiGatewayStandIn {
  private readonly visitors = new Map<string, Visitor>();
  private readonly sockets = new WebSocketServer({ noServer: true, maxPayload: ApiGatewayLimits.frameBytes });
  private readonly underWay = new Set<Promise<void>>();

  private constructor(
    private readonly server: Server,
    private readonly invoke: Invoke,
    private readonly routes: ReadonlySet<string>,
  ) {
    server.on('upgrade', (request, socket, head) => this.track(this.connect(request, socket, head)));
    server.on('request', (request, response) => void this.manage(request, response));
  }

  /** @param routes those beside `$default` */
  static async start(invoke: Invoke, routes: readonly string[]): Promise<ApiGatewayStandIn> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new ApiGatewayStandIn(server, invoke, new Set(routes));
  }

  get host(): string {
    return `127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    for (const { socket } of this.visitors.values()) socket?.terminate();
    while (this.underWay.size > 0) await Promise.all(this.underWay);
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async connect(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const connectionId = `${randomBytes(11).toString('base64')}=`;
    const visitor: Visitor = { connectedAt: Date.now(), socket: null };
    this.visitors.set(connectionId, visitor);
    const { searchParams } = new URL(request.url ?? '/', 'http://localhost');
    const query = searchParams.size > 0 && { queryStringParameters: Object.fromEntries(searchParams) };
    const answer = await this.invokeWith('connect', connectionId, '$connect', query || {}).catch(() => null);
    const status = answer === null ? 502 : (answer.statusCode ?? 200);
    if (status !== 200) {
      this.visitors.delete(connectionId);
      socket.end(`HTTP/1.1 ${status} Refused\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
      return;
    }
    this.sockets.handleUpgrade(request, socket, head, (accepted) => this.open(connectionId, visitor, accepted));
  }

  private open(connectionId: string, visitor: Visitor, socket: WebSocket): void {
    visitor.socket = socket;
    socket.on('error', () => undefined);
    socket.on('message', (data: Buffer) => this.track(this.message(connectionId, socket, data.toString())));
    socket.once('close', (code) => {
      const context = { disconnectStatusCode: code };
      this.track(
        this.invokeWith('disconnect-tab-closed', connectionId, '$disconnect', {}, context)
          .finally(() => this.visitors.delete(connectionId))
          .then(() => undefined),
      );
      visitor.socket = null;
    });
  }

  private async message(connectionId: string, socket: WebSocket, body: string): Promise<void> {
    const routeKey = this.routeOf(body);
    try {
      await this.invokeWith('message', connectionId, routeKey, { body });
    } catch {
      socket.send(JSON.stringify({ message: 'Internal server error', connectionId, requestId: 'AbCdEfGhIAMCJkL=' }));
    }
  }

  /** The route that the expression `$request.body.action` selects. */
  private routeOf(body: string): string {
    try {
      const { action } = JSON.parse(body) as { action?: unknown };
      return typeof action === 'string' && this.routes.has(action) ? action : '$default';
    } catch {
      return '$default';
    }
  }

  private invokeWith(
    golden: string,
    connectionId: string,
    routeKey: string,
    fields: object,
    context: object = {},
  ): ReturnType<Invoke> {
    const event = goldenEvent(golden);
    const connectedAt = this.visitors.get(connectionId)?.connectedAt ?? Date.now();
    const requestContext = {
      ...event.requestContext,
      ...context,
      connectionId,
      routeKey,
      connectedAt,
      requestTimeEpoch: Date.now(),
    };
    return this.invoke({ ...event, ...fields, requestContext });
  }

  /** The Management API: a connection that is not open is gone. */
  private async manage(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    const body = Buffer.concat(chunks);
    const visitor = this.visitors.get(decodeURIComponent((request.url ?? '').split('/@connections/')[1] ?? ''));
    if (visitor?.socket?.readyState !== WebSocket.OPEN) {
      response.writeHead(410, { 'x-amzn-ErrorType': 'GoneException' }).end();
      return;
    }
    const { socket, connectedAt } = visitor;
    if (request.method === 'GET') response.end(JSON.stringify({ connectedAt: new Date(connectedAt).toISOString() }));
    else if (request.method === 'DELETE') {
      socket.close(1000);
      response.writeHead(204).end();
    } else if (body.byteLength > ApiGatewayLimits.messageBytes) {
      response.writeHead(413, { 'x-amzn-ErrorType': 'PayloadTooLargeException' }).end();
    } else {
      socket.send(body.toString());
      response.writeHead(200).end();
    }
  }

  private track(work: Promise<void>): void {
    const tracked = work.catch(() => undefined).finally(() => this.underWay.delete(tracked));
    this.underWay.add(tracked);
  }
}
