import { CACHE_MANAGER, CacheModule } from '@nestjs/cache-manager';
import { Injectable, Module, type INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { EventEmitter2, EventEmitterModule, OnEvent } from '@nestjs/event-emitter';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { Cache } from 'cache-manager';
import {
  ConnectionStore,
  InvalidOptionsError,
  WebSocketHandler,
  WebSocketManager,
  WebSocketModule,
  type ConnectedEvent,
  type WebSocketModuleOptions,
  type WebSocketOptionsFactory,
} from '../../src/index.js';
import { startApplication, stopApplications } from '../support/application.js';
import { connect, message, newConnectionId } from '../support/events.js';

@Injectable()
class Recorder {
  readonly heard: string[] = [];

  @OnEvent('websocket.connected')
  connected({ connectionId }: ConnectedEvent): void {
    this.heard.push(connectionId);
  }
}

@Injectable()
class WildcardRecorder {
  readonly heard: string[] = [];

  @OnEvent('websocket.**')
  any(): void {
    this.heard.push('any');
  }
}

afterEach(stopApplications);

describe('WebSocketModule.forRoot', () => {
  it('works alone: @OnEvent listeners hear events and connections are remembered', async () => {
    const { manager, get } = await startApplication({ module: WebSocketModule.forRoot(), providers: [Recorder] });
    const connectionId = newConnectionId();
    expect(await manager.handle(connect({ connectionId }))).toEqual({
      statusCode: 200,
      body: '{"message":"Connected"}',
    });
    expect(get(Recorder).heard).toEqual([connectionId]);
    expect(await manager.getAllConnections()).toEqual([connectionId]);
  });

  const emitters = [
    ['a plain emitter', () => EventEmitterModule.forRoot()],
    ['a wildcard emitter', () => EventEmitterModule.forRoot({ wildcard: true })],
    ['an emitter that is not global', () => EventEmitterModule.forRoot({ global: false })],
  ] as const;
  const orders = ['importsBefore', 'importsAfter'] as const;
  describe.each(emitters)('beside %s', (_, createModule) => {
    it.each(orders)('emits each event once, on the emitter of the application (%s)', async (order) => {
      const { app, manager, get } = await startApplication({ [order]: [createModule()], providers: [Recorder] });
      const onEmitter: string[] = [];
      app
        .get(EventEmitter2)
        .on('websocket.connected', ({ connectionId }: ConnectedEvent) => onEmitter.push(connectionId));
      const connectionId = newConnectionId();
      await manager.handle(connect({ connectionId }));
      expect(get(Recorder).heard).toEqual([connectionId]);
      expect(onEmitter).toEqual([connectionId]);
    });
  });

  it.each(orders)('reaches wildcard listeners once for each event (%s)', async (order) => {
    const { manager, get } = await startApplication({
      [order]: [EventEmitterModule.forRoot({ wildcard: true })],
      providers: [WildcardRecorder],
    });
    const connectionId = newConnectionId();
    await manager.handle(connect({ connectionId }));
    await manager.handle(message(connectionId, {}, 'chat'));
    expect(get(WildcardRecorder).heard).toHaveLength(2);
  });

  it.each(orders)('keeps connections in the cache of the application (%s)', async (order) => {
    for (const isGlobal of [true, false]) {
      const { app, manager } = await startApplication({ [order]: [CacheModule.register({ isGlobal })] });
      const connectionId = newConnectionId();
      await manager.handle(connect({ connectionId }));
      expect(await app.get<Cache>(CACHE_MANAGER).get('websocket:connections')).toEqual([connectionId]);
      await stopApplications();
    }
  });

  it('can be injected anywhere, for it is global', async () => {
    @Injectable()
    class Consumer {
      constructor(
        readonly manager: WebSocketManager,
        readonly handler: WebSocketHandler,
        readonly store: ConnectionStore,
      ) {}
    }
    @Module({ providers: [Consumer] })
    class Feature {}
    const { get } = await startApplication({ importsBefore: [Feature] });
    expect(get(Consumer).manager).toBeInstanceOf(WebSocketManager);
    expect(get(Consumer).handler).toBeInstanceOf(WebSocketHandler);
  });

  it('stays within the module that imports it when isGlobal is false', async () => {
    @Injectable()
    class Consumer {
      constructor(readonly manager: WebSocketManager) {}
    }
    @Module({ providers: [Consumer] })
    class Feature {}
    await expect(
      startApplication({ importsBefore: [Feature], module: WebSocketModule.forRoot({ isGlobal: false }) }),
    ).rejects.toThrow(/WebSocketManager/);
  });

  it('runs in an application context without an HTTP server', async () => {
    @Module({ imports: [WebSocketModule.forRoot({ gateway: { path: '/ws' } })], providers: [Recorder] })
    class AppModule {}
    const context: INestApplicationContext = await NestFactory.createApplicationContext(AppModule, { logger: false });
    const connectionId = newConnectionId();
    expect((await context.get(WebSocketManager).handle(connect({ connectionId }))).statusCode).toBe(200);
    expect(context.get(Recorder).heard).toEqual([connectionId]);
    await context.close();
  });

  it('refuses bad options at start', async () => {
    const options = { staleAfterSeconds: '1d' } as unknown as WebSocketModuleOptions;
    const start = startApplication({ options });
    await expect(start).rejects.toThrow(InvalidOptionsError);
    await expect(start).rejects.toThrow(
      'Expected "staleAfterSeconds" to be a whole number of at least 1, got "1d" (string).',
    );
  });
});

describe('WebSocketModule.forRootAsync', () => {
  const PREFIX = Symbol('prefix');
  const options = (keyPrefix: string): WebSocketModuleOptions => ({ keyPrefix });

  @Module({ providers: [{ provide: PREFIX, useValue: 'injected:' }], exports: [PREFIX] })
  class ConfigModule {}

  @Injectable()
  class OptionsFactory implements WebSocketOptionsFactory {
    createWebSocketOptions(): WebSocketModuleOptions {
      return options('made:');
    }
  }

  @Module({ providers: [OptionsFactory], exports: [OptionsFactory] })
  class FactoryModule {}

  it.each([
    ['useFactory', 'plain:', WebSocketModule.forRootAsync({ useFactory: () => options('plain:') })],
    [
      'useFactory with inject and imports, asynchronously',
      'injected:',
      WebSocketModule.forRootAsync({
        imports: [ConfigModule],
        inject: [PREFIX],
        useFactory: async (prefix: string) => options(prefix),
      }),
    ],
    ['useClass', 'made:', WebSocketModule.forRootAsync({ useClass: OptionsFactory })],
    ['useExisting', 'made:', WebSocketModule.forRootAsync({ imports: [FactoryModule], useExisting: OptionsFactory })],
  ])('takes its options from %s', async (_, prefix, module) => {
    const { app, manager } = await startApplication({
      module,
      importsBefore: [CacheModule.register({ isGlobal: true })],
    });
    const connectionId = newConnectionId();
    await manager.handle(connect({ connectionId }));
    expect(await app.get<Cache>(CACHE_MANAGER).get(`${prefix}connections`)).toEqual([connectionId]);
  });
});
