import type { EventEmitter2 } from '@nestjs/event-emitter';
import { routeOfEvent, WebSocketEvents } from '../events/websocket-events.js';
import { parseJson } from '../protocol/json.js';
import { ReservedRoutes, type RouteSelector } from '../protocol/route-selection.js';

/** The routes that exist, and which of them a message takes. */
export class RouteTable {
  private readonly hasChoice: boolean;

  constructor(
    private readonly select: RouteSelector,
    private readonly routes: ReadonlySet<string>,
  ) {
    this.hasChoice = [...routes].some((route) => route !== ReservedRoutes.default);
  }

  /**
   * The route key that the MESSAGE event carries; `null` when there is neither a matching route nor `$default`.
   *
   * @param text what the client sent, `null` for bytes; anything that is not JSON can only go to `$default`
   */
  routeOf(text: string | null): string | null {
    // Who handles the event parses the body again: where there is nothing to choose, once is enough.
    const body = text === null || !this.hasChoice ? undefined : parseJson(text);
    const selected = body === undefined ? null : this.select(body);
    // `$connect` and `$disconnect` are API Gateway's to take, never a message's.
    if (selected !== null && !selected.startsWith('$') && this.routes.has(selected)) return selected;
    return this.routes.has(ReservedRoutes.default) ? ReservedRoutes.default : null;
  }
}

/** The routes that the application listens to: one for each `websocket.{route}` event, `$default` when anything hears `websocket.message`. */
export function routesWithListeners(emitter: EventEmitter2): Set<string> {
  const routes = new Set<string>();
  for (const name of emitter.eventNames()) {
    // A pattern such as `websocket.*` hears every route and declares none.
    const route = typeof name === 'string' && !name.includes('*') ? routeOfEvent(name) : null;
    if (route !== null) routes.add(route);
  }
  if (emitter.listeners(WebSocketEvents.Message).length > 0) routes.add(ReservedRoutes.default);
  return routes;
}
