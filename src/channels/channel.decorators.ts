import { SetMetadata } from '@nestjs/common';
import type { ChannelMessageEvent } from '../events/websocket-events.js';
import type { ChannelAuthorizerRule, WebSocketChannelAuthorizer } from '../options/channels.options.js';

const AUTHORIZERS = 'nestjs-apigateway-websocket:channel-authorizers';
const LISTENERS = 'nestjs-apigateway-websocket:channel-listeners';

/** What `@ChannelAuthorizer` was given. */
export interface AuthorizerDeclaration {
  readonly pattern: string;
  readonly rule: ChannelAuthorizerRule;
}

type AuthorizerClass = abstract new (...args: never[]) => WebSocketChannelAuthorizer;
type ListenerMethod = (event: ChannelMessageEvent<never>) => unknown;

/**
 * Makes an injectable class the rule of the channels of a pattern: its `authorize(request)` decides who may be in them and, if it has one, its
 * `mayPublish(request)` who may publish. Several may stand on one class. Provide the class in any module, in the default scope.
 *
 * @param pattern e.g. `orders.{orderId}`
 * @param rule everything else about these channels
 */
export function ChannelAuthorizer(pattern: string, rule: ChannelAuthorizerRule = {}) {
  return (target: AuthorizerClass): void => {
    const others = (Reflect.getOwnMetadata(AUTHORIZERS, target) ?? []) as readonly AuthorizerDeclaration[];
    // Decorators run from the last to the first.
    SetMetadata(AUTHORIZERS, [{ pattern, rule }, ...others])(target);
  };
}

/**
 * Calls a method of a provider or controller with a `ChannelMessageEvent` for what clients publish to the channels of a pattern, after it was delivered.
 * The publisher has its answer by then; what the method throws is logged. Several may stand on one method.
 *
 * @param pattern e.g. `orders.{orderId}`
 */
export function OnChannelMessage(pattern: string) {
  return <Method extends ListenerMethod>(
    target: object,
    key: string | symbol,
    descriptor: TypedPropertyDescriptor<Method>,
  ): void => {
    const method: object = descriptor.value ?? {};
    const others = (Reflect.getOwnMetadata(LISTENERS, method) ?? []) as readonly string[];
    SetMetadata(LISTENERS, [pattern, ...others])(target, key, descriptor as PropertyDescriptor);
  };
}

/** What a class, or the one that it extends, is decorated with. */
export function authorizersOf(type: object): readonly AuthorizerDeclaration[] {
  return (Reflect.getMetadata(AUTHORIZERS, type) ?? []) as readonly AuthorizerDeclaration[];
}

/** The patterns that a method is decorated with. */
export function listenersOf(method: object): readonly string[] {
  return (Reflect.getMetadata(LISTENERS, method) ?? []) as readonly string[];
}
