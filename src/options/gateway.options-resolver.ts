import { eventOfRoute } from '../events/websocket-events.js';
import { compileRouteSelection, ReservedRoutes, type RouteSelector } from '../protocol/route-selection.js';
import { resolveClusterOptions, type ResolvedClusterOptions } from './cluster.options-resolver.js';
import { resolveAuthorizer, type ResolvedAuthorizerOptions } from './authorizer.options-resolver.js';
import { resolveCompressionOptions, type ResolvedCompressionOptions } from './compression.options-resolver.js';
import type { EnvironmentReader } from './environment.reader.js';
import type { GatewayCredentials } from './gateway.options.js';
import { PATH, resolveListening, type ResolvedListeningOptions } from './listening.options-resolver.js';
import { OptionsReader } from './options.reader.js';
import { resolveSession, type ResolvedSessionOptions } from './session.options-resolver.js';

/** The embedded gateway's options with every default in place and every value checked. */
export interface ResolvedGatewayOptions
  extends ResolvedListeningOptions, ResolvedSessionOptions, ResolvedAuthorizerOptions {
  /** With a leading and without a trailing slash. */
  readonly path: string;
  readonly stage: string;
  readonly apiId: string;
  readonly selectRoute: RouteSelector;
  /** `null` finds them among the listeners. */
  readonly routes: ReadonlySet<string> | null;
  readonly routeResponses: ReadonlySet<string>;
  readonly maxInFlightMessages: number;
  /** `null` compresses nothing. */
  readonly compression: ResolvedCompressionOptions | null;
  /** `null` knows of no other nodes. */
  readonly cluster: ResolvedClusterOptions | null;
  readonly trustedProxies: number;
  readonly credentials: GatewayCredentials | null;
  readonly region: string | null;
}

const DEFAULTS = Object.freeze({
  path: '/ws',
  apiId: 'local',
  routeSelectionExpression: '$request.body.action',
  maxInFlightMessages: 64,
  trustedProxies: 0,
});

/**
 * The gateway's own options; `null` when it is to stay off. Off is stronger than on, whether the option says so or WEBSOCKET_ENABLED.
 *
 * @param read the options of the module
 * @throws InvalidOptionsError when WEBSOCKET_ENABLED is neither true nor false
 */
export function gatewaySection(read: OptionsReader, env: EnvironmentReader): OptionsReader | null {
  const section = read.section('gateway');
  const isEnabled = env.switch('WEBSOCKET_ENABLED');
  if (isEnabled === false || read.take('gateway') === false) return null;
  return section ?? (isEnabled === true ? new OptionsReader({}, 'gateway') : null);
}

/** @throws InvalidOptionsError naming the first option that cannot be used */
export function resolveGatewayOptions(
  read: OptionsReader,
  env: EnvironmentReader,
  maxBodyBytes: number,
): ResolvedGatewayOptions {
  const path = resolvePath(read, env);
  const routes = read.texts('routes');
  if (routes?.some((route) => !isRoute(route)) === true) {
    throw read.unexpected('routes', 'an array of route keys that are not reserved', routes);
  }
  const resolved: ResolvedGatewayOptions = {
    path,
    ...resolveListening(read, env, path),
    stage: read.text('stage', path.slice(1)),
    apiId: read.text('apiId', DEFAULTS.apiId),
    selectRoute: compileRouteSelection(read.text('routeSelectionExpression', DEFAULTS.routeSelectionExpression)),
    routes: routes === null ? null : new Set(routes),
    routeResponses: new Set(read.texts('routeResponses') ?? []),
    ...resolveSession(read, env, maxBodyBytes),
    ...resolveAuthorizer(read),
    maxInFlightMessages: read.wholeNumber('maxInFlightMessages', 1, DEFAULTS.maxInFlightMessages),
    compression: resolveCompressionOptions(read),
    cluster: resolveClusterOptions(read, env),
    trustedProxies: read.wholeNumber('trustedProxies', 0, DEFAULTS.trustedProxies),
    credentials: readCredentials(read),
    region: read.text('region', null),
  };
  read.refuseUnknown();
  return Object.freeze(resolved);
}

function resolvePath(read: OptionsReader, env: EnvironmentReader): string {
  const given = read.text('path', null);
  const path = given ?? env.text('WEBSOCKET_PATH') ?? DEFAULTS.path;
  if (PATH.test(path)) return path;
  if (given === null) throw env.unexpected('WEBSOCKET_PATH', 'a path like "/ws"', path);
  throw read.unexpected('path', 'a path like "/ws"', path);
}

function readCredentials(read: OptionsReader): GatewayCredentials | null {
  const credentials = read.section('credentials');
  if (credentials === null) return null;
  const keys = {
    accessKeyId: credentials.secret('accessKeyId'),
    secretAccessKey: credentials.secret('secretAccessKey'),
  };
  credentials.refuseUnknown();
  return keys;
}

/** Whether a message may take this route: `$default`, or one whose event is not reserved. */
function isRoute(routeKey: string): boolean {
  return routeKey === ReservedRoutes.default || (!routeKey.startsWith('$') && eventOfRoute(routeKey) !== null);
}
