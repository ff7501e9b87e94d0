import {
  Injectable,
  Module,
  type INestApplication,
  type LoggerService,
  type ModuleMetadata,
  type Type,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { OnEvent } from '@nestjs/event-emitter';
import type { ClientOptions } from 'ws';
import {
  EmbeddedGateway,
  WebSocketManager,
  WebSocketModule,
  type ConnectedEvent,
  type DisconnectedEvent,
  type EmbeddedGatewayOptions,
  type MessageEvent,
  type WebSocketModuleOptions,
} from '../../src/index.js';
import { GatewayClient } from './gateway-client.js';
import { HeldInbox, Inbox } from './gateway-inbox.js';

/** The payloads of the events that tests listen to, by name. */
interface Payloads {
  readonly 'websocket.connected': ConnectedEvent;
  readonly 'websocket.disconnected': DisconnectedEvent;
}

type PayloadOf<Name extends string> = Name extends keyof Payloads ? Payloads[Name] : MessageEvent;

const running: INestApplication[] = [];

/** Closes what {@link GatewayAppBuilder.start} started; call it after each test. */
export async function closeGatewayApps(): Promise<void> {
  await Promise.all(running.splice(0).map((app) => app.close()));
}

/** An application with the embedded gateway on a port of its own, told only what is different about it. */
export function gatewayApp(): GatewayAppBuilder {
  return new GatewayAppBuilder();
}

export class GatewayAppBuilder {
  private readonly listeners: Type[] = [];
  /** What was logged, line by line. */
  readonly logged: string[] = [];
  readonly logger = loggerInto(this.logged);
  private gatewayOptions: EmbeddedGatewayOptions = {};
  private isAttached = false;
  private options: WebSocketModuleOptions = {};
  private imports: NonNullable<ModuleMetadata['imports']> = [];
  private controllers: NonNullable<ModuleMetadata['controllers']> = [];

  /** Options of the gateway beside its port. */
  gateway(options: EmbeddedGatewayOptions): this {
    this.gatewayOptions = { ...this.gatewayOptions, ...options };
    return this;
  }

  /** Options of the module beside the gateway's. */
  with(options: WebSocketModuleOptions): this {
    this.options = { ...this.options, ...options };
    return this;
  }

  /** Puts the gateway on the HTTP server of the application, beside these controllers. */
  attached(...controllers: Type[]): this {
    this.isAttached = true;
    this.controllers = controllers;
    return this;
  }

  /** Imports modules of the application beside ours. */
  importing(...modules: NonNullable<ModuleMetadata['imports']>): this {
    this.imports = modules;
    return this;
  }

  /** Adds an `@OnEvent` listener, whose errors count. */
  on<Name extends string>(event: Name, listen: (payload: PayloadOf<Name>) => unknown): this {
    @Injectable()
    class Listener {
      @OnEvent(event, { suppressErrors: false })
      hear(payload: PayloadOf<Name>): unknown {
        return listen(payload);
      }
    }
    this.listeners.push(Listener);
    return this;
  }

  async start(): Promise<GatewayApp> {
    const app = await this.create();
    if (this.isAttached) await app.listen(0, '127.0.0.1');
    else await app.init();
    return new GatewayApp(app, this.logged);
  }

  /** The application before it starts. */
  async create(): Promise<INestApplication> {
    const app = await NestFactory.create(this.module(), { logger: this.logger, abortOnError: false });
    running.push(app);
    return app;
  }

  /** The root module. */
  module(): Type {
    const gateway = {
      ...(!this.isAttached && { port: 0 }),
      // A clock that a test moves does not wait for a client's pong.
      ...(this.options.clock !== undefined && { pingIntervalSeconds: 0 }),
      ...this.gatewayOptions,
    };
    @Module({
      imports: [...this.imports, WebSocketModule.forRoot({ ...this.options, gateway })],
      providers: this.listeners,
      controllers: this.controllers,
    })
    class AppModule {}
    return AppModule;
  }
}

export class GatewayApp {
  readonly manager: WebSocketManager;

  constructor(
    readonly app: INestApplication,
    /** What was logged, line by line. */
    readonly logged: readonly string[],
  ) {
    this.manager = app.get(WebSocketManager);
  }

  get port(): number {
    return this.app.get(EmbeddedGateway).port!;
  }

  get url(): string {
    return this.app.get(EmbeddedGateway).url!;
  }

  /** The endpoint of the Management API. */
  get endpoint(): string {
    return this.url.replace('ws:', 'http:');
  }

  connect(options: ClientOptions = {}, suffix = ''): Promise<GatewayClient> {
    return GatewayClient.open(this.url + suffix, options);
  }

  /** Connects, and tells the id that the gateway gave the connection. */
  async connectWithId(): Promise<{ client: GatewayClient; connectionId: string }> {
    const before = new Set(await this.manager.getAllConnections());
    const client = await this.connect();
    const connectionId = (await this.manager.getAllConnections()).find((id) => !before.has(id))!;
    return { client, connectionId };
  }
}

/** An inbox for the payloads of one event: `.on('websocket.message', recorded.push)`. */
export function recorder<Name extends string>(): Inbox<PayloadOf<Name>> {
  return new Inbox<PayloadOf<Name>>();
}

/** The same with a listener, `hold`, that is not done with an event until the test opens it. */
export function heldRecorder<Name extends string>(): HeldInbox<PayloadOf<Name>> {
  return new HeldInbox<PayloadOf<Name>>();
}

/** A logger that keeps warnings and errors, line by line. */
export function loggerInto(lines: string[]): LoggerService {
  const write = (message: unknown): void => void lines.push(String(message));
  return {
    log: () => undefined,
    debug: () => undefined,
    verbose: () => undefined,
    warn: write,
    error: write,
    fatal: write,
  };
}
