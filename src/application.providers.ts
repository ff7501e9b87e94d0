import { CACHE_MANAGER } from '@nestjs/cache-manager';
import type { LazyModuleLoader, ModulesContainer } from '@nestjs/core';
import { EventEmitter2, EventEmitterModule, EventEmitterReadinessWatcher } from '@nestjs/event-emitter';
import { createCache, type Cache } from 'cache-manager';

type Token<Type> = string | symbol | (abstract new (...args: never[]) => Type);

/**
 * The event emitter and the cache of the application, whichever module it imports them in and in whatever order; where it has none,
 * ones that this package brings along.
 *
 * Ask when every module is up (from `onModuleInit` on): providers of modules behind ours do not exist before.
 */
export class ApplicationProviders {
  private ownCache: Cache | undefined;

  constructor(private readonly modules: ModulesContainer) {}

  /**
   * Loads an `EventEmitterModule` into an application that imports none. Decided while providers are made, when every module is known: one
   * that stood beside the application's own would answer to `app.get(EventEmitter2)` in its place.
   */
  static async create(modules: ModulesContainer, loader: LazyModuleLoader): Promise<ApplicationProviders> {
    const hasEmitter = [...modules.values()].some(({ providers }) => providers.has(EventEmitter2));
    // Loaded before the lifecycle hooks start, it takes part in them: that attaches the application's @OnEvent listeners.
    if (!hasEmitter) await loader.load(() => EventEmitterModule.forRoot({ global: false }));
    return new ApplicationProviders(modules);
  }

  get emitter(): EventEmitter2 {
    const emitter = this.find<EventEmitter2>(EventEmitter2);
    if (emitter === undefined) throw new Error('The event emitter is not ready; emit from onModuleInit on.');
    return emitter;
  }

  get cache(): Cache {
    return this.find<Cache>(CACHE_MANAGER) ?? (this.ownCache ??= createCache());
  }

  /** Resolves when the `@OnEvent` listeners of the application are attached. Do not wait for it in a lifecycle hook. */
  async listenersAttached(): Promise<void> {
    await this.find<EventEmitterReadinessWatcher>(EventEmitterReadinessWatcher)?.waitUntilReady();
  }

  /** What the application provides under a token: of global modules first, then of those nearest to its root. */
  private find<Type>(token: Token<Type>): Type | undefined {
    return [...this.modules.values()]
      .filter(({ providers }) => providers.has(token))
      .sort((a, b) => Number(b.isGlobal) - Number(a.isGlobal) || a.distance - b.distance)
      .map(({ providers }) => providers.get(token)?.instance as Type | null | undefined)
      .find((instance) => instance !== undefined && instance !== null);
  }
}
