import type { MembershipObserver } from '../connections/lifecycle.observers.js';
import type { Connection } from '../contracts/connection.js';
import type { ConnectionStore } from '../contracts/connection.store.js';
import type { EnteringMember, EnterResult, PresenceEntry, PresenceLedger } from '../contracts/presence.ledger.js';
import type { EventPublisher } from '../events/event.publisher.js';
import { WebSocketEvents } from '../events/websocket-events.js';
import type { MessageSender } from '../fanout/message.sender.js';
import type { OutageLog } from '../logging/outage.log.js';
import type { JoiningMessage, LeavingMessage, WireMember } from '../protocol/wire/server.messages.js';
import { KeyedLock } from '../stores/cache/keyed-lock.js';
import { membersOf } from './channel.addressees.js';
import type { ChannelRegistry } from './channel.registry.js';
import { MemberInfos } from './member.infos.js';
import { memberIdOf } from './wire.call.js';

/** The info of a member whom the rule tells nothing of. */
const NO_INFO = 'null';

/** An entry that is being made. */
export interface Entering {
  readonly result: Promise<EnterResult>;
  /** Resolves when everybody knows. */
  readonly told: Promise<void>;
}

/**
 * Who is in the channels with presence: follows connections however they come to be in a channel and stop being there, and tells of members who come
 * with their first connection and go with their last.
 */
export class ChannelPresence implements MembershipObserver {
  /** What happens to one member of a channel is told in the order in which it happened. */
  private readonly lock = new KeyedLock();

  constructor(
    private readonly store: ConnectionStore,
    private readonly registry: ChannelRegistry,
    private readonly sender: MessageSender,
    private readonly publisher: EventPublisher,
    private readonly outages: OutageLog,
    private readonly infos = new MemberInfos(),
  ) {}

  concerns(channel: string): boolean {
    return this.registry.match(channel)?.rule.hasPresence === true && this.store.presence() !== null;
  }

  /** The members of a channel, each once, at most `limit`. @throws StoreUnavailableError */
  async membersOf(channel: string, limit = Infinity): Promise<WireMember[]> {
    const found = new Map<string, WireMember>();
    for await (const page of this.ledger?.members(channel) ?? noPages()) {
      for (const entry of page) {
        if (found.size >= limit) return [...found.values()];
        found.set(entry.memberId, memberOf(entry));
      }
    }
    return [...found.values()];
  }

  /** How many members a channel has. @throws StoreUnavailableError */
  async count(channel: string): Promise<number> {
    return (await this.ledger?.count(channel)) ?? 0;
  }

  /** Makes the user of a connection that is in the channel a member of it. @param info what the rule tells of them, as JSON */
  enter(connection: Connection, channel: string, info: string | null): Entering {
    return this.come(connection, channel, info ?? NO_INFO);
  }

  async joined(connection: Connection, channel: string): Promise<void> {
    await this.come(connection, channel, this.infos.get(connection.connectionId, channel)).told;
  }

  async left(connection: Connection, channel: string): Promise<void> {
    const info = this.infos.get(connection.connectionId, channel);
    this.infos.delete(connection.connectionId, channel);
    await this.exit(connection, channel, info);
    // A join that raced with this may have entered before the exit: who is in the channel is to be seen there.
    const [now = null] = await this.store.findMany([connection.connectionId]);
    if (now?.channels.includes(channel) === true) await this.come(connection, channel, info).told;
  }

  async ended(connection: Connection): Promise<void> {
    const { connectionId, channels } = connection;
    const exits = channels
      .filter((channel) => this.concerns(channel))
      .map((channel) => this.exit(connection, channel, this.infos.get(connectionId, channel)));
    this.infos.forget(connectionId);
    // The store counts nobody who is gone; all that may be missing is a word of it.
    for (const exit of await Promise.allSettled(exits)) if (exit.status === 'rejected') this.missed(connectionId, exit);
  }

  endedUnknown(connectionId: string): void {
    this.infos.forget(connectionId);
  }

  async restored(connection: Connection, channels: readonly string[]): Promise<void> {
    const { connectionId } = connection;
    for (const channel of channels) {
      const info = this.infos.get(connectionId, channel);
      // Nobody heard that they left.
      await this.ledger?.enter(channel, connectionId, { memberId: memberIdOf(connection), info });
    }
  }

  private get ledger(): PresenceLedger | null {
    return this.store.presence();
  }

  /** @param info `null` for what is known of the member already: the rule was not asked */
  private come(connection: Connection, channel: string, info: string | null): Entering {
    const { connectionId } = connection;
    const memberId = memberIdOf(connection);
    let told = Promise.resolve();
    const result = new Promise<EnterResult>((resolve, reject) => {
      told = this.oneByOne(channel, memberId, async () => {
        const entered = await this.enterLedger(connection, channel, { memberId, info });
        resolve(entered);
        if (entered === 'appeared') await this.tellJoined(connectionId, channel, { memberId, info: info ?? NO_INFO });
      });
      told.catch(reject);
    });
    return { result, told };
  }

  /** Keeps the info of who is in the channel: a connection that ended before would not end once more for it to be forgotten. */
  private async enterLedger(connection: Connection, channel: string, entry: EnteringMember): Promise<EnterResult> {
    const { connectionId } = connection;
    const wasKept = this.infos.get(connectionId, channel) !== null;
    if (entry.info !== null) this.infos.set(connection, channel, entry.info);
    let entered: EnterResult | undefined;
    try {
      return (entered = (await this.ledger?.enter(channel, connectionId, entry)) ?? 'not-in-channel');
    } finally {
      if (entered === 'not-in-channel' || (entered === undefined && !wasKept)) this.infos.delete(connectionId, channel);
    }
  }

  private exit(connection: Connection, channel: string, info: string | null): Promise<void> {
    const { connectionId } = connection;
    const memberId = memberIdOf(connection);
    return this.oneByOne(channel, memberId, async () => {
      const result = await this.ledger?.exit(channel, connectionId, memberId);
      if (result === 'vanished') await this.tellLeft(connectionId, channel, { memberId, info: info ?? NO_INFO });
    });
  }

  private oneByOne(channel: string, memberId: string, task: () => Promise<void>): Promise<void> {
    return this.lock.run(`${channel.length}:${channel}${memberId}`, task);
  }

  private async tellJoined(connectionId: string, channel: string, entry: PresenceEntry): Promise<void> {
    const member = memberOf(entry);
    await this.announce(connectionId, { type: 'joining', channel, member });
    await this.publisher.notify(WebSocketEvents.PresenceJoined, { channel, member: { info: null, ...member } });
  }

  private async tellLeft(connectionId: string, channel: string, entry: PresenceEntry): Promise<void> {
    const member = memberOf(entry);
    await this.announce(connectionId, { type: 'leaving', channel, member: { id: member.id } });
    await this.publisher.notify(WebSocketEvents.PresenceLeft, { channel, member: { info: null, ...member } });
  }

  private async announce(connectionId: string, message: JoiningMessage | LeavingMessage): Promise<void> {
    const { channel } = message;
    if (this.registry.match(channel)?.rule.announces !== true) return;
    try {
      await this.sender.report(membersOf(this.store, channel, [connectionId]), message);
    } catch (reason) {
      this.missed(connectionId, { reason });
    }
  }

  private missed(connectionId: string, { reason }: { readonly reason: unknown }): void {
    this.outages.tell(reason, connectionId);
  }
}

function memberOf({ memberId, info }: PresenceEntry): WireMember {
  return { id: memberId, ...(info !== NO_INFO && info !== '' && { info: JSON.parse(info) as unknown }) };
}

async function* noPages(): AsyncIterable<readonly PresenceEntry[]> {}
