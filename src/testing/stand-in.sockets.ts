import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { createCache } from 'cache-manager';
import { SystemClock } from '../contracts/clock.js';
import type { DeliveryStatus } from '../contracts/connection.transport.js';
import { EventPublisher } from '../events/event.publisher.js';
import type { GatewayServer } from '../gateway/gateway.server.js';
import { Readiness } from '../gateway/listening/readiness.js';
import { HealthProbe } from '../health/health.probe.js';
import { Log } from '../logging/log.js';
import { Closes } from '../protocol/close-codes.js';
import { Responses, type WebSocketResponse } from '../protocol/response.js';
import { ReservedRoutes } from '../protocol/route-selection.js';
import { CacheConnectionStore } from '../stores/cache/cache-connection.store.js';
import { newLocalEndpoint } from '../transports/local/local.endpoint.js';
import { LocalTransport } from '../transports/local/local.transport.js';
import { resolveWebSocketOptions } from '../websocket.options-resolver.js';

/** What events are given to: `manager.handle`, or the handler of a Lambda function. */
export type EventHandler = (event: unknown) => Promise<unknown>;

/** What API Gateway knows of an API. */
export interface StandInApi {
  /** The routes there are beside `$connect`, `$disconnect` and `$default`. @default none */
  readonly routes?: readonly string[];
  /** Those of them whose answers the client gets. @default none */
  readonly routeResponses?: readonly string[];
  /** @default '$request.body.action' */
  readonly routeSelectionExpression?: string;
}

/** The WebSocket side of the stand-in: the embedded gateway, under API Gateway's limits, with a handler of its own. */
export class StandInSockets {
  private constructor(
    private readonly server: GatewayServer,
    private readonly transport: LocalTransport,
  ) {}

  static async create(path: string, handler: EventHandler, api: StandInApi): Promise<StandInSockets> {
    // `ws` is loaded only where there are sockets.
    const { GatewayServer } = await import('../gateway/gateway.server.js');
    const { routes = [], ...others } = api;
    const options = resolveWebSocketOptions(
      {
        gateway: {
          ...{ path, limits: 'api-gateway', cluster: false, apiId: 'abcd123efg', ...others },
          routes: [...routes, ReservedRoutes.default],
        },
      },
      {},
    );
    if (options.gateway === null) throw new Error('The options of the stand-in have a gateway.');
    const clock = new SystemClock();
    const store = new CacheConnectionStore(createCache(), { clock });
    const transport = new LocalTransport(newLocalEndpoint());
    const server = new GatewayServer({
      ...{ options: options.gateway, transport, store, clock, log: new Log(), observer: null },
      handler: { handle: (event) => answerOf(handler, event), ownRoutes: [], protocolRoutes: [] },
      // Routes are given, so nobody looks for listeners.
      publisher: new EventPublisher(() => {
        throw new Error('There are no listeners.');
      }),
      readiness: new Readiness(new HealthProbe(store, options)),
      renewEveryMs: 60_000,
      ready: () => Promise.resolve(),
    });
    return new StandInSockets(server, transport);
  }

  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): boolean {
    return this.server.upgrade(request, socket, head);
  }

  has(connectionId: string): boolean {
    return this.transport.holds(connectionId) !== null;
  }

  send(connectionId: string, payload: Buffer): DeliveryStatus {
    return this.transport.deliver({ connectionId, endpoint: this.transport.endpoint }, { payload }).status;
  }

  async disconnect(connectionId: string): Promise<void> {
    await this.transport.close({ connectionId, endpoint: this.transport.endpoint }, Closes.deleted);
  }

  close(): Promise<void> {
    return this.server.close();
  }
}

/** What a function answers, as API Gateway takes it: without a status it is 200, and one that fails is an internal error. */
async function answerOf(handler: EventHandler, event: unknown): Promise<WebSocketResponse> {
  try {
    const answer = (await handler(event)) as Partial<WebSocketResponse> | null | undefined;
    return { ...answer, statusCode: answer?.statusCode ?? 200, body: answer?.body ?? '' };
  } catch {
    return Responses.internalError;
  }
}
