import type { ClientAction } from './client.messages.js';
import type { WirePosition } from './stream.position.js';
import type { WireErrorCode } from './wire.error.codes.js';

interface Reply {
  /** That of the request. */
  readonly id?: string;
}

/** Someone in a presence channel. */
export interface WireMember<Info = unknown> {
  /** Their user id, or the id of their connection where they have none. */
  readonly id: string;
  /** What the rule of the channel tells of them; absent where it tells nothing. */
  readonly info?: Info;
}

export interface WelcomeMessage extends Reply {
  readonly type: 'welcome';
  readonly protocol: number;
  readonly connectionId: string;
  /** How often the client should ping, in seconds, so that nobody takes the connection for idle. */
  readonly pingSeconds: number;
  /** How long this connection can still last, in seconds; absent where there is no end to it. */
  readonly lifetimeSeconds?: number;
  /** The largest message the server takes, in bytes of UTF-8. */
  readonly maxMessageBytes: number;
  /** What the listener of `websocket.ready` returned. */
  readonly data?: unknown;
}

/** A message of a channel. Those of a channel with history are numbered. */
export interface ChannelMessage<Data = unknown> extends Partial<WirePosition> {
  readonly type: 'message';
  readonly channel: string;
  readonly data: Data;
  /** What the publisher called it. */
  readonly event?: string;
  /** Unique among all messages. */
  readonly id: string;
  /** When it was published (epoch ms). */
  readonly timestamp: number;
  /** The member who published it, in a presence channel. */
  readonly from?: string;
}

/** Messages or members that do not fit into the reply, which comes after all its parts. */
export interface PartMessage extends Reply {
  readonly type: 'part';
  readonly channel: string;
  readonly messages?: readonly ChannelMessage[];
  readonly members?: readonly WireMember[];
}

export interface SubscribedMessage extends Reply, Partial<WirePosition> {
  readonly type: 'subscribed';
  readonly channel: string;
  /** Whether `messages`, with those of the parts before, are all that the client missed; only when it asked for that. */
  readonly recovered?: boolean;
  readonly messages?: readonly ChannelMessage[];
  readonly members?: readonly WireMember[];
  readonly memberCount?: number;
}

export interface UnsubscribedMessage extends Reply {
  readonly type: 'unsubscribed';
  readonly channel: string;
  /** Why, when the client did not ask for it. */
  readonly reason?: string;
}

export interface PublishedMessage extends Reply, Partial<WirePosition> {
  readonly type: 'published';
  readonly channel: string;
  readonly messageId: string;
}

/** What another member whispered. */
export interface WhisperMessage {
  readonly type: 'event';
  readonly channel: string;
  readonly event: string;
  readonly data?: unknown;
  /** The member who did. */
  readonly from: string;
}

export interface JoiningMessage {
  readonly type: 'joining';
  readonly channel: string;
  readonly member: WireMember;
}

export interface LeavingMessage {
  readonly type: 'leaving';
  readonly channel: string;
  readonly member: WireMember;
}

/** What the application answered to an `event`. */
export interface ReplyMessage extends Reply {
  readonly type: 'reply';
  readonly data?: unknown;
}

/** A question of the server, to be answered with a `reply` of the same id. */
export interface QuestionMessage {
  readonly type: 'request';
  readonly id: string;
  readonly data: unknown;
}

export interface PongMessage extends Reply {
  readonly type: 'pong';
  readonly timestamp: number;
}

/** The server had forgotten the connection and knows it again, in no channels. */
export interface RestoredMessage {
  readonly type: 'restored';
}

export interface ErrorMessage extends Reply {
  readonly type: 'error';
  readonly code: WireErrorCode;
  /** For people who write programs. */
  readonly message: string;
  /** Whether the same request may succeed later. */
  readonly retry: boolean;
  readonly retryAfterMs?: number;
  readonly action?: ClientAction;
  readonly channel?: string;
  /** Of an `invalid-message`: what is wrong, and where. */
  readonly issues?: readonly { readonly path: string; readonly message: string }[];
  /** Of a `duplicate`: the message that the first of them became. */
  readonly messageId?: string;
}

export type ServerMessage =
  | WelcomeMessage
  | ChannelMessage
  | PartMessage
  | SubscribedMessage
  | UnsubscribedMessage
  | PublishedMessage
  | WhisperMessage
  | JoiningMessage
  | LeavingMessage
  | ReplyMessage
  | QuestionMessage
  | PongMessage
  | RestoredMessage
  | ErrorMessage;

export type ServerMessageType = ServerMessage['type'];
