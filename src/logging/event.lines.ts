import type { Log } from './log.js';

/** What is read of an event, which may be anything at all. */
interface EventContext {
  readonly connectionId: string | undefined;
  readonly eventType: string | undefined;
  readonly routeKey: string | undefined;
  readonly disconnectStatusCode: number | undefined;
}

/** The id of the connection that an event is about, `undefined` where it has none. Never throws. */
export function connectionIdOf(event: unknown): string | undefined {
  return contextOf(event).connectionId;
}

/** The route key of an event, `undefined` where it has none. Never throws. */
export function routeOf(event: unknown): string | undefined {
  return contextOf(event).routeKey;
}

/** Tells of an event that was handled, and what was answered. */
export function tellOfEvent(log: Log, event: unknown, status: number): void {
  const { connectionId, eventType, routeKey: route, disconnectStatusCode: closeCode } = contextOf(event);
  if (eventType === 'CONNECT') log.debug('connect.handled', 'A $connect was handled.', { connectionId, status });
  else if (eventType === 'DISCONNECT') {
    log.debug('disconnect.handled', 'A $disconnect was handled.', { connectionId, closeCode, status });
  } else log.debug('message.handled', 'A message was handled.', { connectionId, route, status });
}

function contextOf(event: unknown): EventContext {
  let context: Readonly<Record<string, unknown>> = {};
  const text = (name: string): string | undefined => {
    const value = context[name];
    return typeof value === 'string' ? value : undefined;
  };
  try {
    context = (event as { readonly requestContext?: Record<string, unknown> }).requestContext ?? {};
    const code = context['disconnectStatusCode'];
    return {
      connectionId: text('connectionId'),
      eventType: text('eventType'),
      routeKey: text('routeKey'),
      disconnectStatusCode: typeof code === 'number' ? code : undefined,
    };
  } catch {
    // A proxy, a getter that throws, or nothing at all.
    return { connectionId: undefined, eventType: undefined, routeKey: undefined, disconnectStatusCode: undefined };
  }
}
