import type { ConnectionStore } from '../contracts/connection.store.js';
import type { EventPublisher } from '../events/event.publisher.js';
import { WebSocketEvents, type ChannelMessageEvent } from '../events/websocket-events.js';
import type { MessageSender } from '../fanout/message.sender.js';
import type { Log } from '../logging/log.js';
import type { EventRequest, PublishRequest } from '../protocol/wire/client.messages.js';
import type { WhisperMessage } from '../protocol/wire/server.messages.js';
import type { ChannelAccess } from './channel.access.js';
import { membersOf } from './channel.addressees.js';
import { createMessageId, type ChannelPublisher } from './channel.publisher.js';
import type { ChannelRegistry } from './channel.registry.js';
import type { RequestOnce } from './request.claim.js';
import { memberIdOf, type WireCall } from './wire.call.js';
import type { WireOutbox } from './wire.outbox.js';
import { WireRefusal } from './wire.refusal.js';

/** What publications work with. */
export interface PublicationTools {
  readonly store: ConnectionStore;
  readonly access: ChannelAccess;
  readonly registry: ChannelRegistry;
  readonly channels: ChannelPublisher;
  readonly sender: MessageSender;
  readonly publisher: EventPublisher;
  readonly once: RequestOnce;
  readonly outbox: WireOutbox;
  readonly log: Log;
}

/** What clients send to the channels that they are in. */
export class Publications {
  constructor(private readonly tools: PublicationTools) {}

  async publish({ id, channel, data, event }: PublishRequest, call: WireCall): Promise<void> {
    const { access, once, channels, outbox } = this.tools;
    const { rule, request } = await access.toSend(call, channel);
    if (!(await rule.mayPublish({ ...request, event, message: data }))) throw new WireRefusal('forbidden');
    const { connection } = request;
    const messageId = createMessageId();
    const named = event === undefined ? {} : { event };
    const published = await once.run(connection, id, messageId, () =>
      channels.publish(channel, data, {
        ...named,
        messageId,
        ...(rule.hasPresence && { from: memberIdOf(connection) }),
      }),
    );
    const { timestamp, epoch, offset } = published;
    const position = epoch === undefined || offset === undefined ? {} : { epoch, offset };
    if (id !== undefined) {
      await outbox.post(call.connection, { type: 'published', id, channel, messageId, ...position });
    }
    const { connectionId, userId, params } = request;
    const { eventData } = call;
    await this.tell({
      connectionId,
      userId,
      channel,
      params,
      ...named,
      data,
      messageId,
      timestamp,
      ...position,
      eventData,
    });
  }

  async whisper({ id, event, data }: EventRequest, channel: string, call: WireCall): Promise<void> {
    const { access, once, sender, store, outbox } = this.tools;
    const { rule, request } = await access.toSend(call, channel);
    if (!rule.allowsWhispers) throw new WireRefusal('forbidden');
    const { connectionId, connection } = request;
    const from = memberIdOf(connection);
    const message: WhisperMessage = {
      ...{ type: 'event', channel, event },
      ...(data !== undefined && { data }),
      from,
    };
    await once.run(connection, id, null, () => sender.report(membersOf(store, channel, [connectionId]), message));
    if (id !== undefined) await outbox.post(call.connection, { type: 'reply', id });
  }

  /** The message is with everybody: what listeners throw is logged, and changes nothing. */
  private async tell(event: ChannelMessageEvent): Promise<void> {
    const { registry, publisher, log } = this.tools;
    const calls = registry.listenersOf(event.channel).map(async (listener) => listener.call(event));
    const notified = publisher.notify(WebSocketEvents.ChannelMessage, event);
    const { connectionId } = event;
    for (const outcome of await Promise.allSettled(calls)) {
      if (outcome.status === 'fulfilled') continue;
      const { reason: error } = outcome as { readonly reason: unknown };
      log.error('listener.failed', 'A method that listens to a channel failed.', { connectionId, error });
    }
    await notified;
  }
}
