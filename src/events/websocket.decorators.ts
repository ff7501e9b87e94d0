import { OnEvent } from '@nestjs/event-emitter';
import { InvalidOptionsError } from '../errors/invalid-options.error.js';
import { checkWith, type MessageSchema } from './message.schema.js';
import { eventOfRoute, WebSocketEvents, type MessageEvent } from './websocket-events.js';

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

const UNSUPPRESSED = { suppressErrors: false } as const;

/** Calls a method for each connection; `@OnEvent('websocket.connected')` whose errors refuse the connection. */
export const OnWebSocketConnect = (): MethodDecorator => OnEvent(WebSocketEvents.Connected, UNSUPPRESSED);

/** Calls a method for each connection that ended; `@OnEvent('websocket.disconnected')`, of whose errors the log tells. */
export const OnWebSocketDisconnect = (): MethodDecorator => OnEvent(WebSocketEvents.Disconnected, UNSUPPRESSED);

/**
 * Calls a method for each message of a route, `$default` without one. What it returns is the body of the answer; what it throws makes the
 * answer 500.
 *
 * @throws InvalidOptionsError for a route that is reserved, or a schema that is none
 *
 * @example
 * class ChatListener {
 *   \@OnWebSocketMessage('say', { schema: z.object({ text: z.string().max(500) }) })
 *   say({ connectionId, message }: MessageEvent<{ text: string }>) {}
 * }
 */
export function OnWebSocketMessage<Message = unknown>(
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
  const listen = OnEvent(event, UNSUPPRESSED);
  if (schema === undefined) return listen;
  const check = checkWith(schema);
  return (target, key, descriptor) => {
    const method = descriptor.value as unknown as Listener<MessageEvent>;
    const checked = async function (this: unknown, received: MessageEvent): Promise<unknown> {
      return method.call(this, { ...received, message: await check(received.message) });
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
