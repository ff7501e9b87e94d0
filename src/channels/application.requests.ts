import type { Clock } from '../contracts/clock.js';
import type { Connection } from '../contracts/connection.js';
import type { ConnectionStore } from '../contracts/connection.store.js';
import type { EventPublisher } from '../events/event.publisher.js';
import { eventOfRoute, WebSocketEvents, type WebSocketEventMap } from '../events/websocket-events.js';
import {
  WIRE_PROTOCOL,
  type EventRequest,
  type HelloRequest,
  type PingRequest,
} from '../protocol/wire/client.messages.js';
import { jsonOf } from './wire.text.js';
import { factsOf, type HomeFacts } from './home.facts.js';
import type { RequestOnce } from './request.claim.js';
import type { WireCall } from './wire.call.js';
import type { WireOutbox } from './wire.outbox.js';
import { WireRefusal } from './wire.refusal.js';

/** What clients ask of the application, and of the server itself. */
export class ApplicationRequests {
  constructor(
    private readonly store: ConnectionStore,
    private readonly publisher: EventPublisher,
    private readonly once: RequestOnce,
    private readonly outbox: WireOutbox,
    private readonly clock: Clock,
    private readonly homes: HomeFacts,
  ) {}

  async hello({ id, protocol }: HelloRequest, call: WireCall): Promise<void> {
    if (protocol !== WIRE_PROTOCOL) throw new WireRefusal('unsupported-protocol');
    const { connection, eventData, isHeld } = call;
    const { connectionId } = connection;
    let data: unknown;
    if (this.publisher.hasListeners(WebSocketEvents.Ready)) {
      const known = (await this.find(connectionId)) ?? connection;
      data = await this.publisher.publish(WebSocketEvents.Ready, { connectionId, connection: known, eventData });
    }
    await this.outbox.post(connection, {
      type: 'welcome',
      ...(id !== undefined && { id }),
      ...{ protocol: WIRE_PROTOCOL, connectionId },
      ...factsOf(this.homes, isHeld, connection.connectedAt, this.clock.now()),
      ...(data !== undefined && { data: checked(data) }),
    });
  }

  async event({ id, event: name, data }: EventRequest, { connection, eventData }: WireCall): Promise<void> {
    const event = eventOfRoute(name);
    if (event === null || !this.publisher.hasListeners(event as keyof WebSocketEventMap)) {
      throw new WireRefusal('unknown-event');
    }
    const { connectionId } = connection;
    const payload = { connectionId, message: data ?? null, eventData };
    const answer = await this.once.run(connection, id, null, () => this.publisher.publish(event, payload));
    if (id === undefined) return;
    await this.outbox.post(connection, {
      ...{ type: 'reply', id },
      ...(answer !== undefined && { data: checked(answer) }),
    });
  }

  async ping({ id }: PingRequest, { connection }: WireCall): Promise<void> {
    await this.outbox.post(connection, {
      type: 'pong',
      ...(id !== undefined && { id }),
      timestamp: this.clock.now(),
    });
  }

  private async find(connectionId: string): Promise<Connection | null> {
    const [connection = null] = await this.store.findMany([connectionId]);
    return connection;
  }
}

/** @throws InvalidPayloadError when what a listener returned has no JSON form */
function checked(value: unknown): unknown {
  jsonOf(value);
  return value;
}
