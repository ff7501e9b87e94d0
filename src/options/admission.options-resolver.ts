import type { AdmissionRules } from '../admission/admission.rules.js';
import { MAX_DELAY_MS } from '../contracts/clock.js';
import type { AuthenticateOption } from './admission.options.js';
import type { EnvironmentReader } from './environment.reader.js';
import { OptionsReader } from './options.reader.js';

/** The options of admission with every default in place and every value checked. */
export interface ResolvedAdmissionOptions extends AdmissionRules {
  readonly authenticate: AuthenticateOption | null;
}

const DEFAULTS = Object.freeze({
  authenticateTimeoutMs: 10_000,
  refreshGraceMs: 25_000,
  allowMissingOrigin: true,
  maxUrlBytes: 4_096,
});

const MAX_CLIENTS = 1_000_000_000;

/**
 * @param module the options of the module
 * @returns `null` when everybody may do everything
 * @throws InvalidOptionsError naming the option or the environment variable that cannot be used
 */
export function resolveAdmissionOptions(
  module: OptionsReader,
  env: EnvironmentReader,
): ResolvedAdmissionOptions | null {
  const given = module.section('admission');
  const maxClients = env.wholeNumber('WEBSOCKET_MAX_CLIENTS', 1, MAX_CLIENTS);
  const isAuthEnabled = env.switch('WEBSOCKET_AUTH_ENABLED');
  const isOff = module.take('admission') === false || (given === null && maxClients === null && isAuthEnabled !== true);
  if (isOff) return null;
  const read = given ?? new OptionsReader({}, 'admission');
  const authenticate = readAuthenticate(read);
  const resolved: ResolvedAdmissionOptions = {
    authenticate,
    authenticateTimeoutMs: read.wholeNumber('authenticateTimeoutMs', 1, DEFAULTS.authenticateTimeoutMs, MAX_DELAY_MS),
    requireAuthentication: read.switch('requireAuthentication') ?? isAuthEnabled ?? authenticate !== null,
    authenticateWithinMs: read.wholeNumber('authenticateWithinMs', 1, null, MAX_DELAY_MS),
    refreshGraceMs: read.wholeNumber('refreshGraceMs', 0, DEFAULTS.refreshGraceMs, MAX_DELAY_MS),
    origins: read.texts('origins'),
    allowMissingOrigin: read.switch('allowMissingOrigin') ?? DEFAULTS.allowMissingOrigin,
    allowedIps: read.texts('allowedIps'),
    maxUrlBytes: read.wholeNumber('maxUrlBytes', 1, DEFAULTS.maxUrlBytes),
    maxConnections: read.wholeNumber('maxConnections', 1, maxClients),
    maxConnectionsPerUser: read.wholeNumber('maxConnectionsPerUser', 1, null),
    maxConnectionsPerIp: read.wholeNumber('maxConnectionsPerIp', 1, null),
    handshakesPerSecond: read.wholeNumber('handshakesPerSecond', 1, null),
    handshakesPerSecondPerIp: read.wholeNumber('handshakesPerSecondPerIp', 1, null),
    messagesPerSecond: read.wholeNumber('messagesPerSecond', 1, null),
    messageBurst: read.wholeNumber('messageBurst', 1, null),
    maxMessageBytes: read.wholeNumber('maxMessageBytes', 1, null),
  };
  read.refuseUnknown();
  if (resolved.authenticateWithinMs !== null && authenticate === null) {
    throw read.unexpected('authenticate', 'a function or a provider, as "authenticateWithinMs" is given', undefined);
  }
  return Object.freeze(resolved);
}

function readAuthenticate(read: OptionsReader): AuthenticateOption | null {
  const value = read.take('authenticate');
  if (value === undefined) return null;
  const isToken = typeof value === 'string' ? value !== '' : typeof value === 'symbol' || typeof value === 'function';
  const { authenticate: method } = Object(value) as { readonly authenticate?: unknown };
  const hasMethod = typeof method === 'function';
  if (isToken || hasMethod) return value as AuthenticateOption;
  throw read.unexpected('authenticate', 'a function, or a provider with a method "authenticate"', value, true);
}
