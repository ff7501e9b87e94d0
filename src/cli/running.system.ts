import type { DynamicModule, INestApplicationContext } from '@nestjs/common';
import type { WebSocketManager } from '../websocket.manager.js';
import type { ConnectionStore } from '../contracts/connection.store.js';
import type { ResolvedWebSocketOptions } from '../websocket.options-resolver.js';
import type { WebSocketModuleOptions } from '../websocket.options.js';
import { loadAppModule, type AppModule } from './app.module-loader.js';
import { CliError } from './cli.error.js';
import { ExitCode } from './exit-code.js';
import { inModule } from './module.lookup.js';
import type { Output } from './output.js';
import { optionsOf, type SystemFlags } from './system.flags.js';

/** Where connections are kept, as far as it matters to other processes. */
export type StoreKind = 'redis' | 'dynamodb' | 'own' | 'cache' | 'memory';

/** The system as one more of its processes sees it: on the same store, without a gateway. */
export interface RunningSystem {
  readonly manager: WebSocketManager;
  readonly store: ConnectionStore;
  readonly storeKind: StoreKind;
  readonly options: ResolvedWebSocketOptions;
  /** The options as a process that serves has them, with the gateway. */
  readonly servedOptions: () => ResolvedWebSocketOptions;
  readonly get: <Instance>(token: abstract new (...args: never[]) => Instance) => Instance;
}

/** What an operation adds to the options that flags stand for. */
export interface SystemSettings {
  readonly options?: WebSocketModuleOptions;
  /** Whether a store that no other process sees will do. @default false */
  readonly acceptsMemory?: boolean;
}

/** How long an application may take to close, once a command is done. */
const CLOSE_WITHIN_MS = 5_000;

/**
 * Opens the system by its environment and flags, or by the application's own module, runs a task on it, and closes it. Neither a gateway nor an HTTP
 * server is started.
 *
 * @throws CliError when nothing could be seen from here
 */
export async function onRunningSystem<Result>(
  flags: SystemFlags,
  output: Output,
  task: (system: RunningSystem) => Promise<Result>,
  settings: SystemSettings = {},
): Promise<Result> {
  const environment = { ...process.env };
  // Off is stronger than on, whatever the module says: this process must not take connections in.
  process.env['WEBSOCKET_ENABLED'] = 'false';
  const application = await open(flags, output, settings);
  try {
    return await task(await systemOf(application, flags, environment, settings));
  } finally {
    await inTime(application.close());
  }
}

async function open(
  flags: SystemFlags,
  output: Output,
  { options = {} }: SystemSettings,
): Promise<INestApplicationContext> {
  const [{ NestFactory }, { RemarkLogger }] = await Promise.all([import('@nestjs/core'), import('./stderr.logger.js')]);
  const root: AppModule =
    flags.app === undefined
      ? await rootModule({ ...options, ...optionsOf(flags) })
      : await loadAppModule(flags.app, flags.export);
  return NestFactory.createApplicationContext(root, {
    logger: new RemarkLogger(output, flags.debug === true),
    abortOnError: false,
  });
}

async function rootModule(options: WebSocketModuleOptions): Promise<DynamicModule> {
  const { WebSocketModule } = await import('../websocket.module.js');
  class OperationsModule {}
  return { module: OperationsModule, imports: [WebSocketModule.forRoot({ ...options, gateway: false })] };
}

async function systemOf(
  application: INestApplicationContext,
  flags: SystemFlags,
  environment: NodeJS.ProcessEnv,
  { acceptsMemory = false }: SystemSettings,
): Promise<RunningSystem> {
  const [{ WebSocketManager }, definition, { ConnectionStore }, { resolveWebSocketOptions }] = await Promise.all([
    import('../websocket.manager.js'),
    import('../websocket.module-definition.js'),
    import('../contracts/connection.store.js'),
    import('../websocket.options-resolver.js'),
  ]);
  const { MODULE_OPTIONS_TOKEN, WEBSOCKET_OPTIONS } = definition;
  const get = <Instance>(token: abstract new (...args: never[]) => Instance): Instance =>
    application.get<Instance>(token, { strict: false });
  const manager = inModule(() => get(WebSocketManager));
  const options = application.get<ResolvedWebSocketOptions>(WEBSOCKET_OPTIONS, { strict: false });
  const storeKind = await kindOfStore(options, get);
  if (storeKind === 'memory' && !acceptsMemory) throw nothingToSee(flags);
  const servedOptions = (): ResolvedWebSocketOptions => {
    const given =
      flags.app === undefined
        ? optionsOf(flags)
        : application.get<WebSocketModuleOptions>(MODULE_OPTIONS_TOKEN, { strict: false });
    return resolveWebSocketOptions(given, environment);
  };
  return { manager, store: get(ConnectionStore), storeKind, options, servedOptions, get };
}

async function kindOfStore(
  { store, redis, dynamodb }: ResolvedWebSocketOptions,
  get: RunningSystem['get'],
): Promise<StoreKind> {
  if (store !== null) return 'own';
  if (redis !== null) return 'redis';
  if (dynamodb !== null) return 'dynamodb';
  const [{ ApplicationProviders }, { redisBehind }, { isInMemory }] = await Promise.all([
    import('../application.providers.js'),
    import('../stores/redis/keyv-redis.js'),
    import('../stores/cache/outage-aware.cache.js'),
  ]);
  const { cache } = get(ApplicationProviders);
  if (redisBehind(cache) !== null) return 'redis';
  return isInMemory(cache) ? 'memory' : 'cache';
}

function nothingToSee({ app }: SystemFlags): CliError {
  const whose =
    app === undefined
      ? 'No store is configured: set WEBSOCKET_REDIS_URL or WEBSOCKET_DYNAMODB_TABLE, or give --redis, --dynamodb-table or --app.'
      : `The application of ${app} keeps its connections in memory: give it the option "redis" or "dynamodb".`;
  return new CliError(
    ExitCode.usage,
    `${whose} What a process keeps in its own memory cannot be seen from another: there is nothing to see from here.`,
  );
}

async function inTime(closing: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  await Promise.race([closing, new Promise((resolve) => (timer = setTimeout(resolve, CLOSE_WITHIN_MS)))]);
  clearTimeout(timer);
}
