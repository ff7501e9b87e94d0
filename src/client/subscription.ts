import type { ChannelMessage, WireMember } from '../protocol/wire/server.messages.js';
import type { WebSocketClientError } from './client.error.js';
import type { Unsubscribe } from './listeners.js';
import type { Gap } from './message.stream.js';

/** `subscribing`: not there yet, or again, and trying. `closed`: refused, ended by the server, or unsubscribed. */
export type SubscriptionStatus = 'subscribing' | 'subscribed' | 'closed';

export interface SubscribeOptions {
  /** For the rule of the channel: an invitation, a password. */
  readonly data?: unknown;
  /** How many of the last messages to begin with (0 to 100); the last one, where the channel keeps messages, unless you say. */
  readonly history?: number;
}

export interface PublishOptions {
  /** A name for the kind of message. */
  readonly event?: string;
  readonly timeoutMs?: number;
}

export interface Published {
  readonly messageId: string;
  /** Its number, where the channel keeps messages. Not known of a message whose first answer got lost. */
  readonly offset?: number | undefined;
}

/** A channel that this client is subscribed to, over all reconnections, until `unsubscribe()`. */
export interface Subscription<Data = unknown> {
  readonly name: string;
  readonly status: SubscriptionStatus;
  /** Why it is not subscribed: what was answered last. */
  readonly error: WebSocketClientError | undefined;
  /** Resolves with the first success; rejects when it is refused, or closed before. */
  readonly ready: Promise<void>;
  /** Calls back for every message, once each, and in order where the channel numbers them. */
  onMessage(listener: (message: ChannelMessage<Data>) => unknown): Unsubscribe;
  /** Calls back for messages that were published with this event. */
  on(event: string, listener: (data: Data, message: ChannelMessage<Data>) => unknown): Unsubscribe;
  /** Calls back when messages were missed that the channel does not keep any more. */
  onGap(listener: (gap: Gap) => unknown): Unsubscribe;
  onWhisper(event: string, listener: (data: unknown, from: string) => unknown): Unsubscribe;
  onStatus(listener: (status: SubscriptionStatus, error?: WebSocketClientError) => unknown): Unsubscribe;
  /** Calls back when it was refused, or ended by the server; not after `unsubscribe()`. */
  onClosed(listener: (reason: WebSocketClientError) => unknown): Unsubscribe;
  /** Publishes; waits for the connection and tries again where that helps, until its time is up. */
  publish(data: Data, options?: PublishOptions): Promise<Published>;
  /** Tells the other members, if they can be told now: `false` when not. Never stored, never repeated. */
  whisper(event: string, data?: unknown): boolean;
  /** Ends the subscription; where it was asked for more than once, the last one does. */
  unsubscribe(): void;
}

/** A subscription that knows who else is there. */
export interface PresenceSubscription<Data = unknown> extends Subscription<Data> {
  /** Those who are there, by their ids; at most 1,000 when it was subscribed to. */
  readonly members: ReadonlyMap<string, WireMember>;
  /** How many are there. */
  readonly memberCount: number;
  /** Calls back with everyone who is there, after each (re)connection. */
  onHere(listener: (members: WireMember[]) => unknown): Unsubscribe;
  onJoining(listener: (member: WireMember) => unknown): Unsubscribe;
  onLeaving(listener: (member: WireMember) => unknown): Unsubscribe;
}
