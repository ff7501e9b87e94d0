import type { ModulesContainer } from '@nestjs/core';
import { authorizersOf, listenersOf, type AuthorizerDeclaration } from './channel.decorators.js';

type Method = (...args: unknown[]) => unknown;

/** A decorated provider or controller. */
export interface DecoratedProvider {
  readonly instance: object;
  /** The name of its class, for messages. */
  readonly name: string;
  /** Whether there is one instance of it, that the application keeps. */
  readonly isKept: boolean;
  readonly authorizers: readonly AuthorizerDeclaration[];
  readonly listeners: readonly DecoratedMethod[];
}

export interface DecoratedMethod {
  readonly key: string | symbol;
  readonly patterns: readonly string[];
}

/** The decorated providers and controllers of an application, each instance once, however many tokens it goes by. */
export function decoratedProviders(modules: ModulesContainer): readonly DecoratedProvider[] {
  const found = new Map<object, DecoratedProvider>();
  for (const { providers, controllers } of modules.values()) {
    for (const wrapper of [...providers.values(), ...controllers.values()]) {
      const { instance } = wrapper as { readonly instance: unknown };
      if (typeof instance !== 'object' || instance === null) continue;
      const isKept = wrapper.isDependencyTreeStatic() && !wrapper.isTransient;
      const provider = describe(instance, isKept);
      if (provider.authorizers.length > 0 || provider.listeners.length > 0) found.set(instance, provider);
    }
  }
  return [...found.values()];
}

/** Calls a method of a provider by its name, so that whatever replaced it meanwhile is called. */
export function callMethod(instance: object, key: string | symbol, argument: unknown): unknown {
  return (Reflect.get(instance, key) as Method).call(instance, argument);
}

function describe(instance: object, isKept: boolean): DecoratedProvider {
  const methods = new Map<string | symbol, unknown>();
  // The nearest method of a name counts: one that overrides a decorated one listens only if it is decorated too. The last prototype is that of all objects.
  for (let prototype = above(instance); prototype !== null; prototype = above(prototype)) {
    if (above(prototype) === null) break;
    for (const key of Reflect.ownKeys(prototype)) {
      // Getters are not for us to run.
      if (!methods.has(key)) methods.set(key, Reflect.getOwnPropertyDescriptor(prototype, key)?.value);
    }
  }
  const type = methods.get('constructor');
  const listeners = [...methods]
    .filter(([key]) => key !== 'constructor')
    .map(([key, method]) => ({ key, patterns: isFunction(method) ? listenersOf(method) : [] }))
    .filter(({ patterns }) => patterns.length > 0);
  return {
    instance,
    name: isFunction(type) ? type.name : 'a provider',
    isKept,
    authorizers: isFunction(type) ? authorizersOf(type) : [],
    listeners,
  };
}

function above(object: object): object | null {
  return Reflect.getPrototypeOf(object);
}

function isFunction(value: unknown): value is Method {
  return typeof value === 'function';
}
