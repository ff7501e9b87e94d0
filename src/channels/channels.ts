import type { ConnectionStore } from '../contracts/connection.store.js';
import { isChannelName, isConnectionId } from '../protocol/name.js';
import type { ChannelMessage, WireMember } from '../protocol/wire/server.messages.js';
import type { ChannelHistoryReader } from './channel.history-reader.js';
import type { ChannelPresence } from './channel.presence.js';
import type { ChannelPublisher, ChannelPublishOptions, PublishedChannelMessage } from './channel.publisher.js';
import type { Subscriptions } from './subscriptions.js';

/** How many messages of its history are read where the caller does not say. */
const HISTORY_LIMIT = 100;

/** What the application does with channels; it may do so with any, declared or not. */
export class Channels {
  constructor(
    private readonly store: ConnectionStore,
    private readonly publisher: ChannelPublisher,
    private readonly presence: ChannelPresence,
    private readonly history: ChannelHistoryReader,
    private readonly subscriptions: Subscriptions,
  ) {}

  publish(channel: string, data: unknown, options?: ChannelPublishOptions): Promise<PublishedChannelMessage> {
    return this.publisher.publish(channel, data, options);
  }

  /** The members of a channel with presence, each once; none elsewhere. */
  async presentIn(channel: string): Promise<WireMember[]> {
    return isChannelName(channel) ? this.presence.membersOf(channel) : [];
  }

  /** How many members a channel with presence has. */
  async countPresent(channel: string): Promise<number> {
    return isChannelName(channel) ? this.presence.count(channel) : 0;
  }

  /** The last messages of a channel, the oldest first. */
  async lastMessages(channel: string, limit = HISTORY_LIMIT): Promise<ChannelMessage[]> {
    return isChannelName(channel) ? this.history.last(channel, limit) : [];
  }

  /** Takes a client out of a channel and tells it why. Resolves whether it was in there. */
  async unsubscribe(connectionId: string, channel: string, reason?: string): Promise<boolean> {
    if (!isConnectionId(connectionId)) return false;
    const [connection = null] = await this.store.findMany([connectionId]);
    return connection !== null && this.subscriptions.revoke(connection, channel, reason);
  }
}
