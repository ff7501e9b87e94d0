import type { Connection } from '../contracts/connection.js';
import type { ConnectionStore } from '../contracts/connection.store.js';
import type { ChannelRegistry } from './channel.registry.js';
import type { ChannelRequest, ResolvedChannelRule } from './channel.rule.js';
import type { WireCall } from './wire.call.js';
import { WireRefusal } from './wire.refusal.js';

/** What a client may do something in. */
export interface Access {
  readonly rule: ResolvedChannelRule;
  /** What the rule was asked, for what else it is to be asked. */
  readonly request: ChannelRequest;
  /** What the others may know of the client, as JSON; `null` for nothing. */
  readonly info: string | null;
}

/** Says what clients may do in a channel. */
export class ChannelAccess {
  constructor(
    private readonly store: ConnectionStore,
    private readonly registry: ChannelRegistry,
  ) {}

  /**
   * Lets a client into a channel. One that is not declared is refused like one whose rule refuses.
   *
   * @throws WireRefusal `forbidden`
   */
  async toEnter(call: WireCall, channel: string, data: unknown): Promise<Access> {
    const connection = await this.find(call);
    // It has ended, or this process was taken for dead: either way it has to connect again.
    if (connection === null) throw new WireRefusal('unavailable', 'The connection is not known any more.');
    return this.ask(connection, call, channel, data);
  }

  /**
   * Lets a client that is in a channel send something there, if its rule would let it in now.
   *
   * @throws WireRefusal `not-subscribed`, whether or not there is such a channel; `forbidden`
   */
  async toSend(call: WireCall, channel: string): Promise<Access> {
    const connection = await this.find(call);
    if (connection?.channels.includes(channel) !== true) throw new WireRefusal('not-subscribed');
    return this.ask(connection, call, channel, undefined);
  }

  /** Whether a client is in a channel now. */
  async isIn(call: WireCall, channel: string): Promise<boolean> {
    return (await this.find(call))?.channels.includes(channel) === true;
  }

  private async ask(connection: Connection, { eventData }: WireCall, channel: string, data: unknown): Promise<Access> {
    const match = this.registry.match(channel);
    if (match === null) throw new WireRefusal('forbidden');
    const { rule, params } = match;
    // Who is there could not be told.
    if (rule.hasPresence && this.store.presence() === null) throw new WireRefusal('forbidden');
    const { connectionId, userId } = connection;
    const { authorizer } = eventData.requestContext;
    const request = { channel, params, connectionId, userId, authorizer, data, connection };
    const decision = await rule.authorize(request);
    if (!decision.isAllowed) throw new WireRefusal('forbidden');
    return { rule, request, info: decision.info };
  }

  private async find({ connection: { connectionId } }: WireCall): Promise<Connection | null> {
    const [connection = null] = await this.store.findMany([connectionId]);
    return connection;
  }
}
