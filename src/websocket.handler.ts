import { Inject, Injectable } from '@nestjs/common';
import type { Admission, Home } from './admission/admission.js';
import { WEBSOCKET_ADMISSION } from './admission/admission.token.js';
import { ChannelService } from './channels/channel.service.js';
import { errorMessage, invalidMessage } from './channels/wire.refusal.js';
import type { WireCall } from './channels/wire.call.js';
import { ConnectionLifecycle, type HealResult } from './connections/connection.lifecycle.js';
import type { Connection, DisconnectCause } from './contracts/connection.js';
import { ConnectionStore } from './contracts/connection.store.js';
import { InvalidMessageError } from './errors/invalid-message.error.js';
import { MalformedEventError } from './errors/malformed-event.error.js';
import { EventPublisher } from './events/event.publisher.js';
import { EventRefusals } from './events/event.refusals.js';
import { eventOfRoute, WebSocketEvents } from './events/websocket-events.js';
import { rememberSender } from './fanout/invocation.js';
import { MessageSender } from './fanout/message.sender.js';
import { connectionIdOf, tellOfEvent } from './logging/event.lines.js';
import { Log } from './logging/log.js';
import { endpointOfEvent } from './protocol/endpoint.js';
import { parseEvent, type ParsedEvent } from './protocol/event.parser.js';
import type { WebSocketConnectEvent } from './protocol/events.js';
import { isConnectionId } from './protocol/name.js';
import { Responses, respondWith, type WebSocketResponse } from './protocol/response.js';
import { ReservedRoutes } from './protocol/route-selection.js';
import { chooseSubprotocol } from './protocol/subprotocol.js';
import { WEBSOCKET_OPTIONS } from './websocket.module-definition.js';
import type { ResolvedWebSocketOptions } from './websocket.options-resolver.js';

/** Where an event came from, when it was not API Gateway. */
export interface EventOrigin {
  /**
   * The endpoint to record for the connection in place of the one that the event's domain and stage name. Its socket is this process's then, and all of
   * its events come to this process.
   */
  readonly endpoint?: string;
  /** Why the connection ended, for a DISCONNECT event. @default 'client' */
  readonly cause?: DisconnectCause | undefined;
  /** Whether the connection has ended, so that a message of it that had to wait does not register it again. @default false */
  readonly isOver?: boolean;
}

/** The low-level side of the module: takes API Gateway's events in and sends messages to connections. */
@Injectable()
export class WebSocketHandler {
  private readonly refusals: EventRefusals;

  constructor(
    @Inject(WEBSOCKET_OPTIONS) private readonly options: ResolvedWebSocketOptions,
    @Inject(ConnectionStore) private readonly store: ConnectionStore,
    @Inject(ConnectionLifecycle) private readonly lifecycle: ConnectionLifecycle,
    @Inject(EventPublisher) private readonly publisher: EventPublisher,
    @Inject(MessageSender) private readonly sender: MessageSender,
    @Inject(WEBSOCKET_ADMISSION) private readonly admission: Admission | null,
    @Inject(ChannelService) private readonly channels: ChannelService,
    @Inject(Log) private readonly log: Log,
  ) {
    this.refusals = new EventRefusals(log, options.clock);
  }

  /**
   * Handles one API Gateway WebSocket event and answers what the Lambda is to return. Resolves after the state is stored and every
   * listener has finished; never rejects.
   *
   * - 200: done. The body is what a listener of the route returned, as JSON, or `{"message":"…"}`
   * - 401, 403, 409, 429: the option `admission` does not let the client in, or lets it send nothing
   * - 400: not a WebSocket event, a route that must not exist, or a body nested too deep, with the reason; 413: a body too large
   * - 500: a listener threw
   * - 503: the store is down, or there are as many connections as there may be
   */
  async handle(event: unknown, origin: EventOrigin = {}): Promise<WebSocketResponse> {
    const response = await this.answer(event, origin);
    if (this.log.isDebugging) tellOfEvent(this.log, event, response.statusCode);
    return response;
  }

  private async answer(event: unknown, origin: EventOrigin): Promise<WebSocketResponse> {
    try {
      const parsed = this.parse(event);
      switch (parsed.type) {
        case 'CONNECT':
          return await this.handleConnect(parsed, origin);
        case 'DISCONNECT':
          return await this.handleDisconnect(parsed, origin);
        case 'MESSAGE':
          return await this.handleMessage(parsed, origin);
      }
    } catch (error) {
      return this.refusals.of(error, connectionIdOf(event));
    }
  }

  /** The routes that the module answers itself: `authenticate`, where the option `admission` has a hook. */
  get ownRoutes(): readonly string[] {
    return this.admission?.routes ?? [];
  }

  /** The routes of the protocol, which nothing is answered on: what there is to say is posted. */
  get protocolRoutes(): readonly string[] {
    return this.channels.routes;
  }

  /** Closes connections whose authentication is over and that no timer closes, as on Lambda. Resolves how many that were. */
  async closeOverdue(): Promise<number> {
    return (await this.admission?.sweep()) ?? 0;
  }

  /**
   * Sends `data`, as JSON (a `Uint8Array` as it is), to one connection. Resolves whether the gateway took it; `false` for a connection
   * that is unknown or gone.
   *
   * @throws PayloadTooLargeError, InvalidPayloadError before anything is sent
   * @throws StoreUnavailableError when the store cannot tell where the connection is
   */
  async sendToConnection(connectionId: string, data: unknown): Promise<boolean> {
    if (isConnectionId(connectionId)) return this.sender.sendToOne(connectionId, data);
    const target = { method: 'sendToConnection' as const, connectionIds: [connectionId] };
    await this.sender.send({ recipients: [], target }, data);
    return false;
  }

  /**
   * Sends `data`, as JSON, to these connections, each once. Resolves whether the gateway took it, for each id.
   *
   * @throws PayloadTooLargeError, InvalidPayloadError, StoreUnavailableError
   */
  async sendToConnections(connectionIds: readonly string[], data: unknown): Promise<Record<string, boolean>> {
    const target = { method: 'sendToConnections' as const, connectionIds };
    const results = await this.sender.send({ recipients: [connectionIds.filter(isConnectionId)], target }, data);
    for (const connectionId of connectionIds) results[connectionId] ??= false;
    return results;
  }

  /**
   * Sends `data`, as JSON, to every connection. Resolves whether the gateway took it, for each id.
   *
   * @throws PayloadTooLargeError, InvalidPayloadError, StoreUnavailableError
   */
  broadcast(data: unknown): Promise<Record<string, boolean>> {
    return this.sender.send(
      {
        recipients: this.store.recipients(null),
        locally: (local) => local.recipients(null),
        target: { method: 'broadcast' },
      },
      data,
    );
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

  private async handleConnect(
    parsed: ParsedEvent & { type: 'CONNECT' },
    origin: EventOrigin,
  ): Promise<WebSocketResponse> {
    const decision = await this.admission?.connect(parsed, this.homeOf(parsed, origin));
    if (decision?.type === 'refused') return decision.response;
    if (decision?.type !== 'pending') {
      const admitted = decision?.parsed ?? parsed;
      await this.connect(this.connectionOf(admitted, origin), admitted.event);
    }
    const subprotocol = chooseSubprotocol(parsed.event, this.options.subprotocols);
    if (subprotocol === null) return Responses.connected;
    return { ...Responses.connected, headers: { 'Sec-WebSocket-Protocol': subprotocol } };
  }

  private async connect(connection: Connection, event: WebSocketConnectEvent): Promise<void> {
    try {
      await this.lifecycle.connect(connection, event);
    } catch (error) {
      // Should this fail, too, its place is free again when its time is up.
      await this.admission?.release(connection.connectionId).catch(() => undefined);
      throw error;
    }
  }

  private async handleDisconnect(
    parsed: ParsedEvent & { type: 'DISCONNECT' },
    { cause = 'client' }: EventOrigin,
  ): Promise<WebSocketResponse> {
    const end = ({ connectionId, code, reason, event: eventData }: typeof parsed): Promise<boolean> =>
      this.lifecycle.end(connectionId, { cause, code, reason, eventData });
    await (this.admission === null ? end(parsed) : this.admission.disconnect(parsed, end));
    return Responses.disconnected;
  }

  private async handleMessage(
    parsed: ParsedEvent & { type: 'MESSAGE' },
    origin: EventOrigin,
  ): Promise<WebSocketResponse> {
    const { admission } = this;
    if (admission === null) return this.publishMessage(parsed, origin);
    const { connectionId } = parsed;
    return this.channels.tellingOfOutages(parsed, this.callOf(parsed, origin), async () => {
      const decision = await admission.message(parsed, this.homeOf(parsed, origin), {
        open: (message) => {
          const connection = { ...this.connectionOf(message, origin), routeKey: ReservedRoutes.connect };
          return this.lifecycle.connect(connection, lateConnectEvent(message));
        },
        close: async () => {
          await this.lifecycle.endQuietly(connectionId, { cause: 'client' });
        },
      });
      return decision.type === 'answered' ? decision.response : this.publishMessage(decision.parsed, origin);
    });
  }

  private async publishMessage(
    parsed: ParsedEvent & { type: 'MESSAGE' },
    origin: EventOrigin,
  ): Promise<WebSocketResponse> {
    const { connectionId, routeKey, message, event: eventData } = parsed;
    const event = eventOfRoute(routeKey);
    if (event === null) return this.refusals.ofRoute(routeKey, connectionId);
    if (this.channels.isOn) {
      const call = this.callOf(parsed, origin);
      const heal = (): Promise<HealResult> => this.heal(call.connection, origin);
      if (this.channels.takes(routeKey, message)) return this.channels.handle(message, call, heal);
      await this.channels.heal(call, heal);
    } else await this.heal(this.connectionOf(parsed, origin), origin);
    try {
      const answer = await this.publisher.publish(event, { connectionId, message, eventData });
      if (answer !== undefined) return respondWith(answer);
    } catch (error) {
      const invalid = InvalidMessageError.in(error);
      if (invalid === null) throw error;
      await this.sender.sendToOne(this.connectionOf(parsed, origin), errorMessage(invalidMessage(invalid), {}));
      return Responses.taken;
    }
    return event === WebSocketEvents.Message ? Responses.messageReceived : Responses.customRouteHandled;
  }

  private callOf(parsed: ParsedEvent & { type: 'MESSAGE' }, origin: EventOrigin): WireCall {
    const connection = this.connectionOf(parsed, origin);
    return { connection, isHeld: origin.endpoint !== undefined, eventData: parsed.event };
  }

  private async heal(connection: Connection, { isOver = false }: EventOrigin): Promise<HealResult> {
    if (isOver) return 'removed';
    const result = await this.lifecycle.heal(connection);
    if (result === 'present' || result === 'restored') rememberSender(connection);
    return result;
  }

  private connectionOf(parsed: ParsedEvent, origin: EventOrigin): Connection {
    const { connectionId, connectedAt, userId, routeKey } = parsed;
    return {
      connectionId,
      connectedAt: connectedAt ?? this.options.clock.now(),
      userId,
      routeKey,
      channels: [],
      endpoint: this.endpointOf(parsed, origin),
    };
  }

  private homeOf(parsed: ParsedEvent, origin: EventOrigin): Home {
    return { endpoint: this.endpointOf(parsed, origin), isHeld: origin.endpoint !== undefined };
  }

  private endpointOf({ context }: ParsedEvent, { endpoint }: EventOrigin): string | null {
    return endpoint ?? endpointOfEvent(context, this.options.awsRegion ?? this.options.fallbackRegion);
  }
}

/** The CONNECT event of a connection that was authenticated by a message. Without what that said: it was a secret. */
function lateConnectEvent({ context }: ParsedEvent): WebSocketConnectEvent {
  const requestContext = { ...context, routeKey: ReservedRoutes.connect, eventType: 'CONNECT' };
  return { requestContext, isBase64Encoded: false };
}
