import { Inject, Injectable, Logger } from '@nestjs/common';
import { ConnectionLifecycle } from './connections/connection.lifecycle.js';
import type { Connection } from './contracts/connection.js';
import { ConnectionStore } from './contracts/connection.store.js';
import { MalformedEventError } from './errors/malformed-event.error.js';
import { StoreUnavailableError } from './errors/store-unavailable.error.js';
import { EventPublisher, describeError } from './events/event.publisher.js';
import { eventOfRoute, WebSocketEvents } from './events/websocket-events.js';
import { MessageSender } from './fanout/message.sender.js';
import { endpointOfEvent } from './protocol/endpoint.js';
import { parseEvent, type ParsedEvent } from './protocol/event.parser.js';
import { isConnectionId } from './protocol/name.js';
import { Responses, respondWith, type WebSocketResponse } from './protocol/response.js';
import { WEBSOCKET_OPTIONS } from './websocket.module-definition.js';
import type { ResolvedWebSocketOptions } from './websocket.options-resolver.js';

/** What is refused comes from outside: past this many the log has said enough. */
const MAX_SAID = 100;

const TELL_OF_OUTAGE_EVERY_MS = 10_000;

/** Where an event came from, when it was not API Gateway. */
export interface EventOrigin {
  /** The endpoint to record for the connection in place of the one that the event's domain and stage name. */
  readonly endpoint?: string;
}

/** The low-level side of the module: takes API Gateway's events in and sends messages to connections. */
@Injectable()
export class WebSocketHandler {
  private readonly logger = new Logger('WebSocket');
  private readonly said = new Set<string>();
  private outage = { toldAt: -Infinity, untold: 0 };

  constructor(
    @Inject(WEBSOCKET_OPTIONS) private readonly options: ResolvedWebSocketOptions,
    @Inject(ConnectionStore) private readonly store: ConnectionStore,
    @Inject(ConnectionLifecycle) private readonly lifecycle: ConnectionLifecycle,
    @Inject(EventPublisher) private readonly publisher: EventPublisher,
    @Inject(MessageSender) private readonly sender: MessageSender,
  ) {}

  /**
   * Handles one API Gateway WebSocket event and answers what the Lambda is to return. Resolves after the state is stored and every
   * listener has finished; never rejects.
   *
   * - 200: done. The body is what a listener of the route returned, as JSON, or `{"message":"…"}`
   * - 400: not a WebSocket event, a route that must not exist, or a body nested too deep, with the reason; 413: a body too large
   * - 500: a listener threw
   * - 503: the store is down
   */
  async handle(event: unknown, origin: EventOrigin = {}): Promise<WebSocketResponse> {
    try {
      const parsed = this.parse(event);
      switch (parsed.type) {
        case 'CONNECT':
          await this.lifecycle.connect(this.connectionOf(parsed, origin), parsed.event);
          return Responses.connected;
        case 'DISCONNECT': {
          const { code, reason, event: eventData } = parsed;
          await this.lifecycle.end(parsed.connectionId, { cause: 'client', code, reason, eventData });
          return Responses.disconnected;
        }
        case 'MESSAGE':
          return await this.handleMessage(parsed, origin);
      }
    } catch (error) {
      return this.refuse(error);
    }
  }

  /**
   * Sends `data`, as JSON (a `Uint8Array` as it is), to one connection. Resolves whether the gateway took it; `false` for a connection
   * that is unknown or gone.
   *
   * @throws PayloadTooLargeError, InvalidPayloadError before anything is sent
   * @throws StoreUnavailableError when the store cannot tell where the connection is
   */
  async sendToConnection(connectionId: string, data: unknown): Promise<boolean> {
    const results = await this.sendToConnections([connectionId], data);
    return results[connectionId] === true;
  }

  /**
   * Sends `data`, as JSON, to these connections, each once. Resolves whether the gateway took it, for each id.
   *
   * @throws PayloadTooLargeError, InvalidPayloadError, StoreUnavailableError
   */
  async sendToConnections(connectionIds: readonly string[], data: unknown): Promise<Record<string, boolean>> {
    const results = await this.sender.send([connectionIds.filter(isConnectionId)], data);
    for (const connectionId of connectionIds) results[connectionId] ??= false;
    return results;
  }

  /**
   * Sends `data`, as JSON, to every connection. Resolves whether the gateway took it, for each id.
   *
   * @throws PayloadTooLargeError, InvalidPayloadError, StoreUnavailableError
   */
  broadcast(data: unknown): Promise<Record<string, boolean>> {
    return this.sender.send(this.store.recipients(null), data);
  }

  /** What is known of a connection; `null` when there is none with this id. */
  async getConnection(connectionId: string): Promise<Connection | null> {
    if (!isConnectionId(connectionId)) return null;
    const [connection = null] = await this.store.findMany([connectionId]);
    return connection;
  }

  async connectionExists(connectionId: string): Promise<boolean> {
    return (await this.getConnection(connectionId)) !== null;
  }

  private parse(event: unknown): ParsedEvent {
    const { maxBodyBytes: maxBytes, maxBodyDepth: maxDepth } = this.options;
    try {
      return parseEvent(event, { maxBytes, maxDepth });
    } catch (error) {
      if (error instanceof MalformedEventError) throw error;
      // A proxy or a getter that throws: nothing that JSON could hold.
      throw new MalformedEventError('Malformed event: it cannot be read.', 400, { cause: error });
    }
  }

  private async handleMessage(
    parsed: ParsedEvent & { type: 'MESSAGE' },
    origin: EventOrigin,
  ): Promise<WebSocketResponse> {
    const { connectionId, routeKey, message, event: eventData } = parsed;
    const event = eventOfRoute(routeKey);
    if (event === null) return this.refuseRoute(routeKey);
    await this.lifecycle.heal(this.connectionOf(parsed, origin));
    const answer = await this.publisher.publish(event, { connectionId, message, eventData });
    if (answer !== undefined) return respondWith(answer);
    return event === WebSocketEvents.Message ? Responses.messageReceived : Responses.customRouteHandled;
  }

  private connectionOf(
    { connectionId, connectedAt, userId, routeKey, context }: ParsedEvent,
    { endpoint }: EventOrigin,
  ): Connection {
    return {
      connectionId,
      connectedAt: connectedAt ?? this.options.clock.now(),
      userId,
      routeKey,
      channels: [],
      endpoint: endpoint ?? endpointOfEvent(context, this.options.awsRegion ?? this.options.fallbackRegion),
    };
  }

  private refuseRoute(routeKey: string): WebSocketResponse {
    const route = JSON.stringify(routeKey);
    this.sayOnce(
      `The route ${route} is refused: its event is reserved, and a client could raise it. Rename the route.`,
    );
    return Responses.malformed(400, `The route ${route} is reserved.`);
  }

  private refuse(error: unknown): WebSocketResponse {
    if (error instanceof MalformedEventError) {
      this.sayOnce(error.reason);
      return Responses.malformed(error.statusCode, error.reason);
    }
    if (!(error instanceof StoreUnavailableError)) {
      this.logger.error('An event could not be handled.', describeError(error));
      return Responses.internalError;
    }
    this.tellOfOutage(error);
    return Responses.unavailable;
  }

  /** While the store is away every event of every client fails alike: one in a while is told, with how many were not. */
  private tellOfOutage(error: StoreUnavailableError): void {
    const now = this.options.clock.now();
    if (now - this.outage.toldAt < TELL_OF_OUTAGE_EVERY_MS) {
      this.outage.untold++;
      return;
    }
    const others =
      this.outage.untold === 0 ? '' : ` Nor could ${this.outage.untold} others since the last such message.`;
    this.logger.error(`An event could not be handled.${others}`, describeError(error));
    this.outage = { toldAt: now, untold: 0 };
  }

  private sayOnce(message: string): void {
    if (this.said.has(message) || this.said.size >= MAX_SAID) return;
    this.said.add(message);
    this.logger.error(message);
  }
}
