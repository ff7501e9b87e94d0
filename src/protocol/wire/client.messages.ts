import type { WireRecovery } from './stream.position.js';

/** The version of the protocol that this package speaks. */
export const WIRE_PROTOCOL = 1;

interface Request {
  /** Comes back in the reply. */
  readonly id?: string;
}

/** The client is open, and says so. */
export interface HelloRequest extends Request {
  readonly action: 'hello';
  readonly protocol: number;
}

export interface SubscribeRequest extends Request {
  readonly action: 'subscribe';
  readonly channel: string;
  /** For the rule of the channel: an invitation, a password. */
  readonly data?: unknown;
  /** The last message that the client has. */
  readonly recover?: WireRecovery;
  /** How many of the last messages it wants, when it has none. */
  readonly history?: number;
  /** Whether it wants to know who is there. */
  readonly presence?: boolean;
}

export interface UnsubscribeRequest extends Request {
  readonly action: 'unsubscribe';
  readonly channel: string;
}

export interface PublishRequest extends Request {
  readonly action: 'publish';
  readonly channel: string;
  readonly data: unknown;
  readonly event?: string;
}

/** With a channel a whisper to its other members, without one a request to the application. */
export interface EventRequest extends Request {
  readonly action: 'event';
  readonly event: string;
  readonly channel?: string;
  readonly data?: unknown;
}

/** The answer to a `request` of the server, whose id it has. */
export interface ReplyRequest {
  readonly action: 'reply';
  readonly id: string;
  readonly data?: unknown;
}

export interface PingRequest extends Request {
  readonly action: 'ping';
}

export type ClientMessage =
  HelloRequest | SubscribeRequest | UnsubscribeRequest | PublishRequest | EventRequest | ReplyRequest | PingRequest;

export type ClientAction = ClientMessage['action'];

/** What a message of the protocol has as its `action`. */
export const CLIENT_ACTIONS: ReadonlySet<string> = new Set<ClientAction>([
  'hello',
  'subscribe',
  'unsubscribe',
  'publish',
  'event',
  'reply',
  'ping',
]);
