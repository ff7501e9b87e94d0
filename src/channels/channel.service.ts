import type { RateLimit } from '../admission/rate.limit.js';
import type { HealResult } from '../connections/connection.lifecycle.js';
import { InvalidMessageError } from '../errors/invalid-message.error.js';
import { PayloadTooLargeError } from '../errors/payload-too-large.error.js';
import { StoreUnavailableError } from '../errors/store-unavailable.error.js';
import type { Log } from '../logging/log.js';
import type { OutageLog } from '../logging/outage.log.js';
import { Responses, type WebSocketResponse } from '../protocol/response.js';
import { ReservedRoutes } from '../protocol/route-selection.js';
import { CLIENT_ACTIONS, type ClientMessage, type ReplyRequest } from '../protocol/wire/client.messages.js';
import type { ApplicationRequests } from './application.requests.js';
import type { ChannelRegistry } from './channel.registry.js';
import type { Publications } from './publications.js';
import type { QuestionService } from './question.service.js';
import type { Subscriptions } from './subscriptions.js';
import type { WireCall } from './wire.call.js';
import type { WireOutbox } from './wire.outbox.js';
import { actionOf, headOf, parseClientMessage } from './wire.parser.js';
import { errorMessage, invalidMessage, WireRefusal } from './wire.refusal.js';

/** What does what clients ask for. */
export interface ChannelParts {
  readonly registry: ChannelRegistry;
  readonly subscriptions: Subscriptions;
  readonly publications: Publications;
  readonly application: ApplicationRequests;
  readonly questions: Pick<QuestionService, 'answer'>;
  readonly outbox: WireOutbox;
  readonly requests: RateLimit;
  readonly whispers: RateLimit;
  readonly outages: OutageLog;
  readonly log: Log;
}

/** Registers the connection of a message again where the store has forgotten it. */
export type Heal = () => Promise<HealResult>;

/** The server's side of the protocol (`docs/protocol.md`): takes the messages of clients that are its own, and answers them. */
export class ChannelService {
  constructor(private readonly parts: ChannelParts) {}

  /** Whether the protocol is on. */
  get isOn(): boolean {
    return this.parts.registry.isOn;
  }

  /** The routes that messages of the protocol may come by, beside `$default`. */
  get routes(): readonly string[] {
    return this.isOn ? [...CLIENT_ACTIONS] : [];
  }

  /** Whether a message is the protocol's, while that is on: by its action, on `$default` or on a route of that name. */
  takes(routeKey: string, message: unknown): boolean {
    const action = this.isOn ? actionOf(message) : null;
    return action !== null && (routeKey === ReservedRoutes.default || routeKey === action);
  }

  /**
   * Does what a message asks for, and posts what there is to answer. Resolves what the route answers: 200 with an empty body, 503 when the client cannot even
   * be told that the store is down.
   */
  async handle(message: unknown, call: WireCall, heal: Heal): Promise<WebSocketResponse> {
    try {
      await this.count(this.parts.requests, 'requests', call);
      const action = actionOf(message);
      // Without one it is not taken.
      if (action === null) return Responses.taken;
      const request = parseClientMessage(message, action);
      await this.heal(call, heal);
      await this.dispatch(request, call);
    } catch (error) {
      return this.refuse(error, message, call);
    }
    return Responses.taken;
  }

  /** Registers a connection again, and tells it so. */
  async heal({ connection }: WireCall, heal: Heal): Promise<void> {
    if ((await heal()) === 'restored') await this.parts.outbox.post(connection, { type: 'restored' });
  }

  /** Does what has to be done before a message can be handled. Where the store fails that, the client of the protocol is told so. */
  async tellingOfOutages(
    { routeKey, message }: { readonly routeKey: string; readonly message: unknown },
    call: WireCall,
    work: () => Promise<WebSocketResponse>,
  ): Promise<WebSocketResponse> {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof StoreUnavailableError) || !this.takes(routeKey, message)) throw error;
      return this.refuse(error, message, call);
    }
  }

  private dispatch(request: ClientMessage, call: WireCall): Promise<void> {
    const { application, subscriptions, publications } = this.parts;
    switch (request.action) {
      case 'hello':
        return application.hello(request, call);
      case 'subscribe':
        return subscriptions.subscribe(request, call);
      case 'unsubscribe':
        return subscriptions.unsubscribe(request, call);
      case 'publish':
        return publications.publish(request, call);
      case 'event':
        if (request.channel === undefined) return application.event(request, call);
        return this.count(this.parts.whispers, 'whispers', call).then(() =>
          publications.whisper(request, request.channel as string, call),
        );
      case 'reply':
        return this.answer(request, call);
      case 'ping':
        return application.ping(request, call);
    }
  }

  private async answer({ id, data }: ReplyRequest, { connection, isHeld }: WireCall): Promise<void> {
    const result = await this.parts.questions.answer(connection.connectionId, id, data, isHeld);
    if (result === 'again') throw new WireRefusal('duplicate');
    if (result === 'closed') throw new WireRefusal('unknown-request');
    if (result === 'too-large') throw new WireRefusal('too-large');
  }

  private async count(limit: RateLimit, what: string, { connection, isHeld }: WireCall): Promise<void> {
    const key = `${what}:${connection.connectionId}`;
    const refusal = isHeld ? limit.takeHere(key) : await limit.take(key);
    if (refusal === null) return;
    const { retryAfterMs } = refusal;
    throw new WireRefusal('rate-limited', undefined, retryAfterMs === null ? {} : { retryAfterMs });
  }

  private async refuse(error: unknown, message: unknown, call: WireCall): Promise<WebSocketResponse> {
    const { connection } = call;
    const refusal = this.refusalOf(error, connection.connectionId);
    const isTold = await this.parts.outbox.post(connection, errorMessage(refusal, headOf(message))).catch(() => false);
    return !isTold && error instanceof StoreUnavailableError ? Responses.unavailable : Responses.taken;
  }

  private refusalOf(error: unknown, connectionId: string): WireRefusal {
    if (error instanceof WireRefusal) return error;
    const invalid = InvalidMessageError.in(error);
    if (invalid !== null) return invalidMessage(invalid);
    if (error instanceof PayloadTooLargeError) return new WireRefusal('too-large');
    if (error instanceof StoreUnavailableError) {
      this.parts.outages.tell(error, connectionId);
      return new WireRefusal('unavailable');
    }
    this.parts.log.error('event.failed', 'A request of a client could not be handled.', { connectionId, error });
    return new WireRefusal('internal');
  }
}
