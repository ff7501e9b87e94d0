import type { INestApplication, Type } from '@nestjs/common';
import type { EmbeddedGateway } from '../../gateway/embedded.gateway.js';
import type { ResolvedWebSocketOptions } from '../../websocket.options-resolver.js';
import { loadAppModule, type AppModule } from '../app.module-loader.js';
import { CliError } from '../cli.error.js';
import { ExitCode } from '../exit-code.js';
import type { Invocation } from '../invocation.js';
import { inModule } from '../module.lookup.js';
import type { Output } from '../output.js';

interface ServeFlags {
  readonly host?: string;
  readonly port?: number;
  readonly path?: string;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly limits?: string;
  readonly export?: string;
}

/** The server of the application where the gateway has none of its own. */
const DEFAULT_PORT = 3000;
const DEFAULT_HOST = '127.0.0.1';

/** Serves an application with the embedded gateway until SIGINT or SIGTERM, and lets the connections go before it ends. */
export async function run({ args, options, output, signal }: Invocation<ServeFlags>): Promise<number> {
  // Before the module is loaded, for it may read them as it is.
  Object.assign(process.env, variablesOf(options));
  const interrupted = untilAborted(signal);
  const app = await Promise.race([start(args[0] as string, options, output), interrupted]);
  // Nobody is served yet whom it would have to let go, and an application that never comes up would keep it from ending.
  if (app === undefined) return ExitCode.interrupted;
  await interrupted;
  output.note('Letting the connections go.');
  await app.close();
  return ExitCode.done;
}

/** Resolves when the gateway listens. */
async function start(path: string, options: ServeFlags, output: Output): Promise<INestApplication> {
  const module = await loadAppModule(path, options.export);
  const [{ NestFactory }, { StderrLogger }] = await Promise.all([
    import('@nestjs/core'),
    import('../stderr.logger.js'),
  ]);
  // Nest takes a dynamic module for a root as well, whatever its types say.
  const app = await NestFactory.create(module as AppModule & Type, { logger: new StderrLogger(), abortOnError: false });
  try {
    const { gateway, resolved } = await gatewayOf(app);
    const ownServer = requireGateway(resolved, options);
    await (ownServer ? app.init() : app.listen(portOf(options), options.host ?? process.env['HOST'] ?? DEFAULT_HOST));
    await tell(output, gateway, resolved);
    return app;
  } catch (error) {
    await app.close();
    throw error;
  }
}

/** Flags as the environment variables that `forRoot` reads. */
function variablesOf({ host, port, path, tlsCert, tlsKey, limits }: ServeFlags): Record<string, string> {
  const given = {
    WEBSOCKET_ENABLED: 'true',
    WEBSOCKET_HOST: host,
    WEBSOCKET_PORT: port?.toString(),
    WEBSOCKET_PATH: path,
    WEBSOCKET_SSL_CERT_PATH: tlsCert,
    WEBSOCKET_SSL_KEY_PATH: tlsKey,
    WEBSOCKET_LIMITS: limits,
  };
  return Object.fromEntries(Object.entries(given).filter((entry): entry is [string, string] => entry[1] !== undefined));
}

async function gatewayOf(
  app: INestApplication,
): Promise<{ gateway: EmbeddedGateway; resolved: ResolvedWebSocketOptions }> {
  const [{ EmbeddedGateway }, { WEBSOCKET_OPTIONS }] = await Promise.all([
    import('../../gateway/embedded.gateway.js'),
    import('../../websocket.module-definition.js'),
  ]);
  return inModule(() => ({
    gateway: app.get(EmbeddedGateway, { strict: false }),
    resolved: app.get<ResolvedWebSocketOptions>(WEBSOCKET_OPTIONS, { strict: false }),
  }));
}

/**
 * Whether the gateway listens by itself.
 *
 * @throws CliError when the module turns it off, or when its options say something else than a flag: options come before the environment, and nobody
 *   should be served elsewhere than where the command line says
 */
function requireGateway({ gateway }: ResolvedWebSocketOptions, flags: ServeFlags): boolean {
  if (gateway === null) {
    throw new CliError(
      ExitCode.usage,
      'The module turns the gateway off: leave "gateway: false" out of its options to serve it.',
    );
  }
  const { port, host, path, tls, socketPath, limits } = gateway;
  const settings = [
    { flag: '--path', option: 'path', given: flags.path, actual: path },
    { flag: '--port', option: socketPath === null ? 'port' : 'socketPath', given: flags.port, actual: port },
    // On the server of the application it is for this command to say.
    {
      flag: '--host',
      option: 'host',
      given: port === null && socketPath === null ? undefined : flags.host,
      actual: host,
    },
    { flag: '--tls-cert', option: 'tls', given: flags.tlsCert, actual: tls?.certPath },
    { flag: '--tls-key', option: 'tls', given: flags.tlsKey, actual: tls?.keyPath },
    { flag: '--limits', option: 'limits', given: flags.limits, actual: limits },
  ];
  const overruled = settings.find(({ given, actual }) => given !== undefined && given !== actual);
  if (overruled !== undefined) {
    const { flag, option } = overruled;
    throw new CliError(
      ExitCode.usage,
      `The module's own option "gateway.${option}" comes before ${flag}: leave it out of forRoot, and the flag counts.`,
    );
  }
  return port !== null || socketPath !== null;
}

function portOf({ port }: ServeFlags): number {
  const { PORT } = process.env;
  return port ?? (PORT !== undefined && /^\d{1,5}$/.test(PORT) ? Number(PORT) : DEFAULT_PORT);
}

async function tell(
  output: Output,
  gateway: EmbeddedGateway,
  { gateway: options }: ResolvedWebSocketOptions,
): Promise<void> {
  const { url } = gateway;
  const socketPath = options?.socketPath ?? null;
  if (output.isJson) await output.documents([{ listening: true, url, socketPath, pid: process.pid }]);
  else await output.lines([`Listening on ${url ?? String(socketPath)}`]);
}

function untilAborted(signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(undefined);
    else signal.addEventListener('abort', () => resolve(undefined), { once: true });
  });
}
