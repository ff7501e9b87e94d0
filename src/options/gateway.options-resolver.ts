import { eventOfRoute } from '../events/websocket-events.js';
import { compileRouteSelection, ReservedRoutes, type RouteSelector } from '../protocol/route-selection.js';
import type { GatewayCredentials } from './gateway.options.js';
import type { OptionsReader } from './options.reader.js';

/** The embedded gateway's options with every default in place and every value checked. */
export interface ResolvedGatewayOptions {
  /** With a leading and without a trailing slash. */
  readonly path: string;
  readonly port: number | null;
  readonly host: string;
  readonly stage: string;
  readonly apiId: string;
  readonly selectRoute: RouteSelector;
  /** `null` finds them among the listeners. */
  readonly routes: ReadonlySet<string> | null;
  readonly routeResponses: ReadonlySet<string>;
  readonly maxMessageBytes: number;
  readonly maxInFlightMessages: number;
  readonly maxBufferedBytes: number;
  readonly credentials: GatewayCredentials | null;
  readonly region: string | null;
}

const DEFAULTS = Object.freeze({
  path: '/ws',
  host: '127.0.0.1',
  apiId: 'local',
  routeSelectionExpression: '$request.body.action',
  maxInFlightMessages: 64,
  maxBufferedBytes: 1_048_576,
});

const PATH = /^(?:\/[A-Za-z0-9._~-]+)+$/;

/** @throws InvalidOptionsError naming the first option that cannot be used */
export function resolveGatewayOptions(read: OptionsReader, maxBodyBytes: number): ResolvedGatewayOptions {
  const path = read.text('path', DEFAULTS.path);
  if (!PATH.test(path)) throw read.unexpected('path', 'a path like "/ws"', path);
  const routes = read.texts('routes');
  if (routes?.some((route) => !isRoute(route)) === true) {
    throw read.unexpected('routes', 'an array of route keys that are not reserved', routes);
  }
  const resolved: ResolvedGatewayOptions = {
    path,
    port: read.wholeNumber('port', 0, null, 65_535),
    host: read.text('host', DEFAULTS.host),
    stage: read.text('stage', path.slice(1)),
    apiId: read.text('apiId', DEFAULTS.apiId),
    selectRoute: compileRouteSelection(read.text('routeSelectionExpression', DEFAULTS.routeSelectionExpression)),
    routes: routes === null ? null : new Set(routes),
    routeResponses: new Set(read.texts('routeResponses') ?? []),
    maxMessageBytes: read.wholeNumber('maxMessageBytes', 1, maxBodyBytes),
    maxInFlightMessages: read.wholeNumber('maxInFlightMessages', 1, DEFAULTS.maxInFlightMessages),
    maxBufferedBytes: read.wholeNumber('maxBufferedBytes', 1, DEFAULTS.maxBufferedBytes),
    credentials: readCredentials(read),
    region: read.text('region', null),
  };
  read.refuseUnknown();
  return Object.freeze(resolved);
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
