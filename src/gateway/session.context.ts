import type { Clock } from '../contracts/clock.js';
import type { GatewayObserver } from '../contracts/gateway.observer.js';
import type { WebSocketEvent } from '../protocol/events.js';
import type { WebSocketResponse } from '../protocol/response.js';
import type { EventOrigin } from '../websocket.handler.js';
import type { FrameCache } from './frames/frame.cache.js';
import type { RequestAuthorizer } from './request.authorizer.js';
import type { RouteTable } from './route.table.js';
import type { MessageQueueLimits } from './message.queue.js';
import type { SessionWatch } from './session.watch.js';

/** What `handle` is to know of a session beside its event. */
export type EventState = Pick<EventOrigin, 'cause' | 'isOver'>;

/** What a session needs of the gateway that it belongs to. */
export interface SessionContext {
  readonly clock: Clock;
  readonly routes: RouteTable;
  readonly routeResponses: ReadonlySet<string>;
  readonly messageLimits: MessageQueueLimits;
  /** The most that may wait of one client's messages; it is closed for more. */
  readonly maxBacklogBytes: number;
  readonly maxBufferedBytes: number;
  readonly frames: FrameCache;
  /** `null` where nobody is asked before `$connect`. */
  readonly authorizer: RequestAuthorizer | null;
  /** Whether frames over 32 KB and binary ones are refused, as API Gateway refuses them. */
  readonly isStrict: boolean;
  readonly watch: SessionWatch;
  /** `null` when nobody wants to know. */
  readonly observer: GatewayObserver | null;
  handle(event: WebSocketEvent, state?: EventState): Promise<WebSocketResponse>;
  /** Takes leave of a session whose DISCONNECT event has been handled. */
  ended(connectionId: string): void;
}
