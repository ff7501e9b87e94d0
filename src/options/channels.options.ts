import type { Connection } from '../contracts/connection.js';
import type { WebSocketRequestContext } from '../protocol/events.js';

/** What a rule is asked about: a connection, and a channel that its client wants to be in, or to send to. */
export interface ChannelRequest {
  readonly channel: string;
  /** What stands in the channel's name in the place of each parameter of the pattern: `{ orderId: '7' }` for `orders.{orderId}` and `orders.7`. */
  readonly params: Readonly<Record<string, string>>;
  readonly connectionId: string;
  /** Who it is; `null` for an anonymous connection. */
  readonly userId: string | null;
  /** What an authorizer said of the connection: `requestContext.authorizer`. */
  readonly authorizer: WebSocketRequestContext['authorizer'];
  /** What the client sent with its `subscribe`, e.g. an invitation, as it came; `undefined` on a publish or a whisper. */
  readonly data: unknown;
  readonly connection: Connection;
}

/** What a rule is asked about when a client publishes. */
export interface ChannelPublishRequest extends ChannelRequest {
  /** What the client calls the message. */
  readonly event: string | undefined;
  /** The message, as it came. */
  readonly message: unknown;
}

/** What the others in a channel with presence get to know of a member; an object of JSON. */
export type MemberInfo = object;

/** What a rule answers: `true` or a member's info lets in, anything else does not. */
export type ChannelAnswer = boolean | MemberInfo | null | undefined;

/** Decides who may be in the channels of a pattern; asked at each subscription, and again at each publish and whisper. */
export type AuthorizeChannel = (request: ChannelRequest) => ChannelAnswer | Promise<ChannelAnswer>;

/** Decides whether a client may publish a message; asked besides the question whether it may be in the channel at all. */
export type MayPublish = (request: ChannelPublishRequest) => boolean | Promise<boolean>;

/** A provider of the application that decides who may be in the channels of a pattern, decorated with `@ChannelAuthorizer`. */
export interface WebSocketChannelAuthorizer {
  authorize(request: ChannelRequest): ChannelAnswer | Promise<ChannelAnswer>;
  /** Without it the rule's `publish` decides. */
  mayPublish?(request: ChannelPublishRequest): boolean | Promise<boolean>;
}

/** How much of a channel is kept for those who come or come back: what is over either bound goes. */
export interface ChannelHistoryOptions {
  /** How many of the last messages. @default 100 */
  readonly maxMessages?: number;

  /** How long, in seconds. @default 3_600 */
  readonly maxAgeSeconds?: number;
}

/** What clients may do in the channels of a pattern. The prefix of the pattern, `private-` or `presence-` or neither, is their kind. */
export interface ChannelRule {
  /** How many connections may be in one channel; 0 for no limit. @default 0 */
  readonly maxClients?: number;

  /** Lets a client in, or not. @default everybody may be in a public channel, nobody in a private or presence channel */
  readonly authorize?: AuthorizeChannel;

  /** Whether clients that are in a channel may publish to it. @default false */
  readonly publish?: boolean | MayPublish;

  /** Whether clients that are in a channel may whisper to one another. @default true in private and presence channels, false in public ones */
  readonly whisper?: boolean;

  /** Keeps the last messages, numbered, for clients that come or come back. @default false */
  readonly persistent?: boolean | ChannelHistoryOptions;

  /** Whether it is known who is in a channel. @default true in presence channels, false in others */
  readonly presence?: boolean;

  /** Whether those in a channel with presence are told who comes and goes. @default true */
  readonly joinLeave?: boolean;
}

/** What `@ChannelAuthorizer` takes: a rule whose `authorize` is the class's. */
export type ChannelAuthorizerRule = Omit<ChannelRule, 'authorize'>;

/** Channels that clients may subscribe to, and the protocol by which they do. */
export interface ChannelsOptions {
  /** Which channels there are, by pattern: a name such as `news`, or one with parameters such as `orders.{orderId}`. @default none */
  readonly rules?: Readonly<Record<string, ChannelRule>>;

  /** How many requests of the protocol a connection may make a second; twice as many at once after a rest. @default 50 */
  readonly requestsPerSecond?: number;

  /** How many whispers a connection may send a second; twice as many at once after a rest. @default 10 */
  readonly whispersPerSecond?: number;

  /** The largest info of a member, in bytes of JSON; with a larger one nobody is let in. @default 2_048 */
  readonly maxMemberInfoBytes?: number;

  /** How many missed messages a client that comes back gets at most; one that missed more is told so. @default 500 */
  readonly maxRecovered?: number;

  /** How long clients may take to answer a question of the server where the call says nothing, in milliseconds. @default 5_000 */
  readonly answerTimeoutMs?: number;
}
