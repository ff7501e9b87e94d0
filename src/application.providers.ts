import { Injectable, Inject, Module } from '@nestjs/common';
import { CACHE_MANAGER, CacheModule } from '@nestjs/cache-manager';
import { ModulesContainer } from '@nestjs/core';
import { EventEmitter2, EventEmitterModule, EventEmitterReadinessWatcher } from '@nestjs/event-emitter';
import type { Cache } from 'cache-manager';

/**
 * The event emitter and the cache of the application, whichever module it imports them in and in whatever order; where it has none,
 * those that this package brings along.
 *
 * Ask when every module is up (from `onModuleInit` on): providers of modules behind ours do not exist before.
 */
@Injectable()
export class ApplicationProviders {
  constructor(
    @Inject(ModulesContainer) private readonly modules: ModulesContainer,
    @Inject(EventEmitter2) private readonly ownEmitter: EventEmitter2,
    @Inject(EventEmitterReadinessWatcher) private readonly ownReadiness: EventEmitterReadinessWatcher,
    @Inject(CACHE_MANAGER) private readonly ownCache: Cache,
  ) {}

  get emitter(): EventEmitter2 {
    return this.find<EventEmitter2>(EventEmitter2, this.ownEmitter);
  }

  get cache(): Cache {
    return this.find<Cache>(CACHE_MANAGER, this.ownCache);
  }

  /** Resolves when the `@OnEvent` listeners of the application are attached. Do not wait for it in a lifecycle hook. */
  async listenersAttached(): Promise<void> {
    await this.find<EventEmitterReadinessWatcher>(EventEmitterReadinessWatcher, this.ownReadiness).waitUntilReady();
  }

  /** What the application provides under a token: of global modules first, then of those nearest to its root. */
  private find<Type>(token: symbol | string | (abstract new (...args: never[]) => Type), own: Type): Type {
    const found = [...this.modules.values()]
      .filter((module) => module.providers.has(token as never))
      .sort((a, b) => Number(b.isGlobal) - Number(a.isGlobal) || a.distance - b.distance)
      .map((module) => module.providers.get(token as never)?.instance as Type | undefined)
      .find((instance) => instance !== undefined && instance !== null && instance !== own);
    return found ?? own;
  }
}

/** Brings an emitter, whose listeners are the application's `@OnEvent` methods, and a cache in memory, seen by nobody else. */
@Module({
  imports: [EventEmitterModule.forRoot({ global: false }), CacheModule.register()],
  providers: [ApplicationProviders],
  exports: [ApplicationProviders],
})
export class ApplicationProvidersModule {}
