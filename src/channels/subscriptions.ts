import type { ConnectionLifecycle } from '../connections/connection.lifecycle.js';
import type { Connection } from '../contracts/connection.js';
import type { HistoryBounds } from '../contracts/channel.history.js';
import type { JoinResult } from '../contracts/connection.store.js';
import type { SubscribeRequest, UnsubscribeRequest } from '../protocol/wire/client.messages.js';
import type { SubscribedMessage, UnsubscribedMessage, WireMember } from '../protocol/wire/server.messages.js';
import { WireLimits } from '../protocol/wire/wire.limits.js';
import type { Access, ChannelAccess } from './channel.access.js';
import type { ChannelHistoryReader, ReadHistory } from './channel.history-reader.js';
import type { ChannelPresence } from './channel.presence.js';
import type { ResolvedChannelRule } from './channel.rule.js';
import type { WireCall } from './wire.call.js';
import type { Lists, WireOutbox } from './wire.outbox.js';
import { WireRefusal } from './wire.refusal.js';

/** A newcomer that asks for no history gets the last message. */
const NEWCOMERS_MESSAGES = 1;

const REFUSED: Partial<Record<JoinResult, () => WireRefusal>> = {
  full: () => new WireRefusal('channel-full'),
  limit: () => new WireRefusal('too-many-channels'),
  'unknown-connection': () => new WireRefusal('unavailable', 'The connection is not known any more.'),
};

/** What else a reply to `subscribe` has. */
interface Contents extends Lists {
  readonly fields: Partial<Pick<SubscribedMessage, 'recovered' | 'epoch' | 'offset' | 'memberCount'>>;
}

/** Lets clients into channels, and out again. */
export class Subscriptions {
  constructor(
    private readonly lifecycle: ConnectionLifecycle,
    private readonly access: ChannelAccess,
    private readonly presence: ChannelPresence,
    private readonly history: ChannelHistoryReader,
    private readonly outbox: WireOutbox,
    private readonly maxRecovered: number,
  ) {}

  async subscribe(request: SubscribeRequest, call: WireCall): Promise<void> {
    const { channel } = request;
    const access = await this.enter(request, call);
    const { connectionId } = call.connection;
    const { maxMembers } = access.rule;
    const joined = await this.lifecycle.enter(connectionId, channel, maxMembers === null ? {} : { maxMembers });
    const refusal = REFUSED[joined]?.();
    if (refusal !== undefined) throw refusal;
    try {
      await this.begin(request, call, access);
    } catch (error) {
      // What the client was not told of it does not have.
      if (joined === 'joined') await this.lifecycle.leave(connectionId, channel).catch(() => false);
      throw error;
    }
  }

  /**
   * Whoever is not let in any more is not in there any longer. Of others the store is asked the same, whatever channels there are: neither does it tell by
   * the time that it takes, nor do those who try many cost more than that.
   */
  private async enter({ channel, data }: SubscribeRequest, call: WireCall): Promise<Access> {
    try {
      return await this.access.toEnter(call, channel, data);
    } catch (error) {
      const isRefused = error instanceof WireRefusal && error.wireCode === 'forbidden';
      if (isRefused && (await this.access.isIn(call, channel))) {
        await this.lifecycle.leave(call.connection.connectionId, channel);
      }
      throw error;
    }
  }

  async unsubscribe({ id, channel }: UnsubscribeRequest, { connection }: WireCall): Promise<void> {
    await this.lifecycle.leave(connection.connectionId, channel);
    await this.outbox.post(connection, { type: 'unsubscribed', ...(id !== undefined && { id }), channel });
  }

  /**
   * Takes a client out of a channel and tells it so. Resolves `false`, and tells it nothing, where there is no such connection, or it is not in there.
   *
   * @throws InvalidNameError when `channel` cannot be a channel's name
   * @throws StoreUnavailableError
   */
  async revoke(connection: Connection, channel: string, reason?: string): Promise<boolean> {
    if (!connection.channels.includes(channel)) return false;
    await this.lifecycle.leave(connection.connectionId, channel);
    const message: UnsubscribedMessage = { type: 'unsubscribed', channel, ...(reason !== undefined && { reason }) };
    await this.outbox.post(connection, message);
    return true;
  }

  /** What follows once the client is in the channel: it gets whatever is published from now on, so nothing is missed between that and the history. */
  private async begin(request: SubscribeRequest, call: WireCall, access: Access): Promise<void> {
    const { id, channel } = request;
    const { rule, request: asked, info } = access;
    const entering = rule.hasPresence ? this.presence.enter(asked.connection, channel, info) : null;
    if ((await entering?.result) === 'not-in-channel') {
      throw new WireRefusal('unavailable', 'The connection left the channel while it subscribed.');
    }
    try {
      const { fields, ...lists } = await this.contents(request, rule);
      const reply: SubscribedMessage = { type: 'subscribed', ...(id !== undefined && { id }), channel, ...fields };
      await this.outbox.postWithLists(call.connection, reply, lists);
    } finally {
      await entering?.told;
    }
  }

  private async contents(request: SubscribeRequest, rule: ResolvedChannelRule): Promise<Contents> {
    const bounds = this.history.boundsOf(request.channel);
    const past = bounds === null ? null : await this.past(request, bounds);
    const members = request.presence === true && rule.hasPresence ? await this.members(request.channel) : null;
    return {
      fields: {
        ...(past?.recovered !== undefined && { recovered: past.recovered }),
        ...past?.read.position,
        ...(members !== null && { memberCount: members.count }),
      },
      messages: past?.read.messages,
      members: members?.listed,
    };
  }

  private async past(
    { channel, recover, history = NEWCOMERS_MESSAGES }: SubscribeRequest,
    bounds: HistoryBounds,
  ): Promise<{ readonly recovered?: boolean; readonly read: ReadHistory }> {
    if (recover === undefined) return { read: await this.history.read(channel, history, bounds) };
    const missed = await this.history.since(channel, recover, this.maxRecovered, bounds);
    if (missed !== null) return { recovered: true, read: missed };
    return { recovered: false, read: await this.history.read(channel, history, bounds) };
  }

  private async members(channel: string): Promise<{ readonly listed: readonly WireMember[]; readonly count: number }> {
    const { listedMembers } = WireLimits;
    const listed = await this.presence.membersOf(channel, listedMembers);
    const count = listed.length < listedMembers ? listed.length : await this.presence.count(channel);
    return { listed, count };
  }
}
