export { WebSocketClientError, type WebSocketClientErrorCode } from './client.error.js';
export type { ClientClock, ReconnectOptions, WebSocketClientOptions } from './client.options.js';
export type { ClientSocket, ClientSocketConstructor } from './client.socket.js';
export type { ClientStatus, ClientStatusEvent } from './client.status.js';
export type { Unsubscribe } from './listeners.js';
export type { Gap } from './message.stream.js';
export type {
  PresenceSubscription,
  Published,
  PublishOptions,
  SubscribeOptions,
  Subscription,
  SubscriptionStatus,
} from './subscription.js';
export { WebSocketClient, type RequestOptions } from './websocket.client.js';
export type { AnyContract, WebSocketContract } from '../protocol/wire/contract.js';
export type { ChannelMessage, WelcomeMessage, WireMember } from '../protocol/wire/server.messages.js';
export type { WirePosition } from '../protocol/wire/stream.position.js';
