import { OnEvent } from '@nestjs/event-emitter';
import { InvalidOptionsError } from '../errors/invalid-options.error.js';
import { isUnchecked, markChecked, nameEvents } from './heard.event.js';
import { checkWith, type MessageSchema } from './message.schema.js';
import {
  eventOfRoute,
  WebSocketEvents,
  type ConnectedEvent,
  type DisconnectedEvent,
  type MessageEvent,
} from './websocket-events.js';

/** How a listener of messages is called. */
export interface OnWebSocketMessageOptions<Message = unknown> {
  /**
   * What `message` has to be: a Standard Schema (zod, valibot, ArkType …), whose output the listener gets, or a class with decorators of
   * class-validator, of which it gets an instance. A client that sends something else is told what is wrong, and the listener is not called.
   *
   * @default none: anything that JSON can hold
   */
  readonly schema?: MessageSchema<Message>;
}

type Listener<Event> = (event: Event) => unknown;
type ListenerDecorator<Event> = <Method extends (event: Event) => unknown>(
  target: object,
  key: string | symbol,
  descriptor: TypedPropertyDescriptor<Method>,
) => void;

/**
 * Calls a method for each connection; `@OnEvent('websocket.connected')` whose errors refuse the connection.
 *
 * @throws InvalidOptionsError for a method that is static, or whose name is a symbol: Nest would not find it
 */
export const OnWebSocketConnect = (): ListenerDecorator<ConnectedEvent> => listenTo(WebSocketEvents.Connected);

/**
 * Calls a method for each connection that ended; `@OnEvent('websocket.disconnected')`, of whose errors the log tells.
 *
 * @throws InvalidOptionsError for a method that is static, or whose name is a symbol: Nest would not find it
 */
export const OnWebSocketDisconnect = (): ListenerDecorator<DisconnectedEvent> => listenTo(WebSocketEvents.Disconnected);

/**
 * Calls a method for each message of a route, `$default` without one. What it returns is the body of the answer; what it throws makes the
 * answer 500. Several may stand on one method, each with its schema. Without a schema a method says itself what it takes the message for, unchecked.
 *
 * @throws InvalidOptionsError for a route that is reserved, a schema that is none, and a method that is static or whose name is a symbol
 *
 * @example
 * class ChatListener {
 *   \@OnWebSocketMessage('say', { schema: z.object({ text: z.string().max(500) }) })
 *   say({ connectionId, message }: MessageEvent<{ text: string }>) {}
 * }
 */
export function OnWebSocketMessage<Message = never>(
  route = '$default',
  { schema }: OnWebSocketMessageOptions<Message> = {},
): ListenerDecorator<MessageEvent<Message>> {
  const event = eventOfRoute(route);
  if (event === null) {
    throw new InvalidOptionsError(
      'route',
      `Expected the route of @OnWebSocketMessage not to be reserved, got ${JSON.stringify(route)}.`,
    );
  }
  const listen = listenTo(event);
  if (schema === undefined) return listen;
  const check = checkWith(schema);
  nameEvents();
  return (target, key, descriptor) => {
    const method = descriptor.value as unknown as Listener<MessageEvent>;
    const checked = async function (this: unknown, received: MessageEvent): Promise<unknown> {
      if (!isUnchecked(received, event)) return method.call(this, received);
      return method.call(this, markChecked({ ...received, message: await check(received.message) }));
    };
    // Other decorators have left their metadata on the method, and Nest looks for it there.
    for (const name of Reflect.getMetadataKeys(method)) {
      Reflect.defineMetadata(name, Reflect.getMetadata(name, method), checked);
    }
    Object.defineProperty(checked, 'name', { value: method.name });
    (descriptor as PropertyDescriptor).value = checked;
    listen(target, key, descriptor as PropertyDescriptor);
  };
}

function listenTo<Event>(event: string): ListenerDecorator<Event> {
  const listen = OnEvent(event, { suppressErrors: false });
  return (target, key, descriptor) => {
    if (typeof key === 'symbol' || typeof target === 'function') {
      throw new InvalidOptionsError(
        'listener',
        `Expected ${String(key)}, which listens to ${JSON.stringify(event)}, to be a method of instances with a text for its name: Nest finds no other.`,
      );
    }
    listen(target, key, descriptor);
  };
}
