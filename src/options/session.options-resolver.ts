import { MAX_DELAY_MS } from '../contracts/clock.js';
import { ApiGatewayLimits } from '../protocol/limits.js';
import type { EnvironmentReader } from './environment.reader.js';
import type { OptionsReader } from './options.reader.js';

/** What a connection may do, and how it is looked after. */
export interface ResolvedSessionOptions {
  readonly limits: 'api-gateway' | 'generous';
  readonly maxMessageBytes: number;
  /** `null` lets a connection be silent for ever. */
  readonly idleTimeoutSeconds: number | null;
  /** `null` lets a connection live for ever. */
  readonly maxConnectionSeconds: number | null;
  /** 0 sends no pings. */
  readonly pingIntervalSeconds: number;
  readonly pongTimeoutSeconds: number;
  readonly maxBufferedBytes: number;
  readonly slowConsumerSeconds: number;
}

const DEFAULTS = Object.freeze({
  limits: 'generous',
  pingIntervalSeconds: 30,
  pongTimeoutSeconds: 10,
  maxBufferedBytes: 1_048_576,
  slowConsumerSeconds: 30,
});

const MAX_SECONDS = Math.floor(MAX_DELAY_MS / 1_000);

/** @throws InvalidOptionsError naming the option or the environment variable that cannot be used */
export function resolveSession(
  read: OptionsReader,
  env: EnvironmentReader,
  maxBodyBytes: number,
): ResolvedSessionOptions {
  const limits = resolveLimits(read, env);
  const pingIntervalSeconds = read.wholeNumber('pingIntervalSeconds', 0, null, MAX_SECONDS);
  return {
    limits,
    ...(limits === 'api-gateway' ? apiGatewayLimits(read, maxBodyBytes) : generousLimits(read, maxBodyBytes)),
    pingIntervalSeconds:
      pingIntervalSeconds ?? env.wholeNumber('WEBSOCKET_PING_INTERVAL', 0, MAX_SECONDS) ?? DEFAULTS.pingIntervalSeconds,
    pongTimeoutSeconds: read.wholeNumber('pongTimeoutSeconds', 1, DEFAULTS.pongTimeoutSeconds, MAX_SECONDS),
    maxBufferedBytes: read.wholeNumber('maxBufferedBytes', 1, DEFAULTS.maxBufferedBytes),
    slowConsumerSeconds: read.wholeNumber('slowConsumerSeconds', 1, DEFAULTS.slowConsumerSeconds, MAX_SECONDS),
  };
}

type Limits = Pick<ResolvedSessionOptions, 'maxMessageBytes' | 'idleTimeoutSeconds' | 'maxConnectionSeconds'>;

/** What was configured may be narrower than API Gateway, never wider. */
function apiGatewayLimits(read: OptionsReader, maxBodyBytes: number): Limits {
  const { messageBytes, idleSeconds, connectionSeconds } = ApiGatewayLimits;
  const byDefault = Math.min(messageBytes, maxBodyBytes);
  return {
    maxMessageBytes: read.wholeNumber('maxMessageBytes', 1, byDefault, messageBytes),
    idleTimeoutSeconds: read.wholeNumber('idleTimeoutSeconds', 1, idleSeconds, idleSeconds),
    maxConnectionSeconds: read.wholeNumber('maxConnectionSeconds', 1, connectionSeconds, connectionSeconds),
  };
}

function generousLimits(read: OptionsReader, maxBodyBytes: number): Limits {
  return {
    maxMessageBytes: read.wholeNumber('maxMessageBytes', 1, maxBodyBytes),
    idleTimeoutSeconds: read.wholeNumber('idleTimeoutSeconds', 1, null),
    maxConnectionSeconds: read.wholeNumber('maxConnectionSeconds', 1, null),
  };
}

function resolveLimits(read: OptionsReader, env: EnvironmentReader): ResolvedSessionOptions['limits'] {
  const given = read.text('limits', null);
  const limits = given ?? env.text('WEBSOCKET_LIMITS') ?? DEFAULTS.limits;
  if (limits === 'api-gateway' || limits === 'generous') return limits;
  const expected = '"api-gateway" or "generous"';
  if (given === null) throw env.unexpected('WEBSOCKET_LIMITS', expected, limits);
  throw read.unexpected('limits', expected, limits);
}
