import type { HistoryBounds } from '../contracts/channel.history.js';
import type { ChannelPublishRequest, ChannelRequest } from '../options/channels.options.js';

export type { ChannelPublishRequest, ChannelRequest };

/** Whether a client may be in a channel, and what the others may know of it: `info` is an object's JSON, or `null` for nothing. */
export type ChannelDecision =
  { readonly isAllowed: false } | { readonly isAllowed: true; readonly info: string | null };

/** A rule with every default in place, in which nothing that the application throws gets through. */
export interface ResolvedChannelRule {
  readonly pattern: string;
  /** How many connections may be in one channel; `null` for no limit. */
  readonly maxMembers: number | null;
  /** Whether clients may whisper to one another. */
  readonly allowsWhispers: boolean;
  /** How much is kept; `null` keeps nothing. */
  readonly history: HistoryBounds | null;
  readonly hasPresence: boolean;
  /** Whether `joining` and `leaving` are sent. */
  readonly announces: boolean;
  /** Whether the client may be in the channel. Rejects with a `WireRefusal` of `unavailable`, and nothing else, when that cannot be told now. */
  authorize(request: ChannelRequest): Promise<ChannelDecision>;
  /** Whether a client that may be in the channel may publish this message there; rejects like `authorize`. */
  mayPublish(request: ChannelPublishRequest): Promise<boolean>;
}
