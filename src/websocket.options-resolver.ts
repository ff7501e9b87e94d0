import { MAX_DELAY_MS, SystemClock, type Clock } from './contracts/clock.js';
import { InvalidOptionsError } from './errors/invalid-options.error.js';
import { resolveAdmissionOptions, type ResolvedAdmissionOptions } from './options/admission.options-resolver.js';
import { resolveChannelsOptions, type ResolvedChannelsOptions } from './options/channels.options-resolver.js';
import { resolveFanOutOptions, type ResolvedFanOutOptions } from './options/fanout.options-resolver.js';
import { EnvironmentReader, type Environment } from './options/environment.reader.js';
import {
  gatewaySection,
  resolveGatewayOptions,
  type ResolvedGatewayOptions,
} from './options/gateway.options-resolver.js';
import { resolveLoggingOptions, type ResolvedLoggingOptions } from './options/logging.options-resolver.js';
import { resolveMetricsOptions, type ResolvedMetricsOptions } from './options/metrics.options-resolver.js';
import { OptionsReader } from './options/options.reader.js';
import { resolveStoreOptions, type ResolvedStoreOptions } from './options/store.options-resolver.js';
import { normalizeEndpoint } from './protocol/endpoint.js';
import { ApiGatewayLimits } from './protocol/limits.js';
import { isSubprotocol } from './protocol/subprotocol.js';
import { STORE_DEFAULTS } from './stores/store.options.js';
import type { AwsCredentials, ManagementApiClient } from './transports/management-api/management-api.transport.js';
import type { WebSocketModuleOptions } from './websocket.options.js';

/** The options with every default in place and every value checked. */
export interface ResolvedWebSocketOptions extends ResolvedStoreOptions {
  readonly apiGatewayEndpoint: string | null;
  /** `null` takes the region of the endpoint's host. */
  readonly awsRegion: string | null;
  readonly fallbackRegion: string;
  readonly credentials: AwsCredentials | null;
  readonly storeTimeoutMs: number;
  readonly keyPrefix: string;
  readonly staleAfterSeconds: number;
  readonly goneGracePeriodMs: number;
  readonly maxPayloadBytes: number;
  readonly maxBodyBytes: number;
  readonly maxBodyDepth: number;
  readonly maxChannelsPerConnection: number;
  readonly sender: 'lean' | 'sdk';
  readonly managementApiClient: ManagementApiClient | null;
  readonly fanout: ResolvedFanOutOptions;
  readonly maxConcurrentSends: number;
  readonly requestTimeoutMs: number;
  readonly deliveryTimeoutMs: number;
  /** `null` lets everybody do everything. */
  readonly admission: ResolvedAdmissionOptions | null;
  readonly subprotocols: readonly string[];
  readonly channels: ResolvedChannelsOptions;
  readonly gateway: ResolvedGatewayOptions | null;
  /** `null` counts nothing. */
  readonly metrics: ResolvedMetricsOptions | null;
  readonly logging: ResolvedLoggingOptions;
  readonly clock: Clock;
}

const DEFAULTS = Object.freeze({
  awsRegion: 'us-east-1',
  storeTimeoutMs: STORE_DEFAULTS.timeoutMs,
  keyPrefix: STORE_DEFAULTS.keyPrefix,
  staleAfterSeconds: 86_400,
  goneGracePeriodMs: 30_000,
  maxPayloadBytes: ApiGatewayLimits.messageBytes,
  maxBodyBytes: 1_048_576,
  maxBodyDepth: 64,
  maxChannelsPerConnection: 100,
  sender: 'lean',
  maxConcurrentSends: 512,
  requestTimeoutMs: 3_000,
  deliveryTimeoutMs: 10_000,
});

/**
 * Completes the options from the environment and the defaults.
 *
 * @throws InvalidOptionsError naming the first option that cannot be used: what was expected, and what was got
 */
export function resolveWebSocketOptions(
  options: WebSocketModuleOptions = {},
  env: Environment = process.env,
): ResolvedWebSocketOptions {
  const read = new OptionsReader(options as Record<string, unknown>);
  const maxBodyBytes = read.wholeNumber('maxBodyBytes', 1, DEFAULTS.maxBodyBytes);
  const variables = new EnvironmentReader(env);
  variables.refuseMisspelled();
  const gateway = gatewaySection(read, variables);
  const resolved: ResolvedWebSocketOptions = {
    apiGatewayEndpoint: resolveEndpoint(
      read.text('apiGatewayEndpoint', variables.text('WEBSOCKET_API_GATEWAY_ENDPOINT')),
    ),
    awsRegion: read.text('awsRegion', variables.text('WEBSOCKET_AWS_REGION')),
    fallbackRegion: variables.text('AWS_REGION') ?? DEFAULTS.awsRegion,
    credentials: resolveCredentials(read),
    ...resolveStoreOptions(read, variables),
    storeTimeoutMs: read.wholeNumber('storeTimeoutMs', 1, DEFAULTS.storeTimeoutMs, MAX_DELAY_MS),
    keyPrefix: read.text('keyPrefix', DEFAULTS.keyPrefix),
    staleAfterSeconds: read.wholeNumber('staleAfterSeconds', 1, DEFAULTS.staleAfterSeconds),
    goneGracePeriodMs: read.wholeNumber('goneGracePeriodMs', 0, DEFAULTS.goneGracePeriodMs),
    maxPayloadBytes: read.wholeNumber('maxPayloadBytes', 1, DEFAULTS.maxPayloadBytes),
    maxBodyBytes,
    maxBodyDepth: read.wholeNumber('maxBodyDepth', 1, DEFAULTS.maxBodyDepth),
    maxChannelsPerConnection: read.wholeNumber('maxChannelsPerConnection', 1, DEFAULTS.maxChannelsPerConnection),
    sender: resolveSender(read),
    managementApiClient: read.object<ManagementApiClient>(
      'managementApiClient',
      'a client of @aws-sdk/client-apigatewaymanagementapi',
      ['send'],
    ),
    fanout: resolveFanOutOptions(read.section('fanout'), variables),
    maxConcurrentSends: read.wholeNumber('maxConcurrentSends', 1, DEFAULTS.maxConcurrentSends),
    requestTimeoutMs: read.wholeNumber('requestTimeoutMs', 1, DEFAULTS.requestTimeoutMs, MAX_DELAY_MS),
    deliveryTimeoutMs: read.wholeNumber('deliveryTimeoutMs', 1, DEFAULTS.deliveryTimeoutMs, MAX_DELAY_MS),
    admission: resolveAdmissionOptions(read, variables),
    subprotocols: resolveSubprotocols(read),
    channels: resolveChannelsOptions(read),
    gateway: gateway === null ? null : resolveGatewayOptions(gateway, variables, maxBodyBytes),
    metrics: resolveMetricsOptions(read),
    logging: resolveLoggingOptions(read, variables),
    clock: read.object<Clock>('clock', 'a Clock', ['now', 'after']) ?? new SystemClock(),
  };
  read.refuseUnknown();
  return Object.freeze(resolved);
}

function resolveEndpoint(endpoint: string | null): string | null {
  if (endpoint === null) return null;
  const normalized = normalizeEndpoint(endpoint);
  if (normalized !== null) return normalized;
  // A URL with a password or a query in it is no endpoint, and not for the log.
  const got = /[@?#]/.test(endpoint) ? 'string' : `${JSON.stringify(endpoint)} (string)`;
  throw new InvalidOptionsError(
    'apiGatewayEndpoint',
    `Expected "apiGatewayEndpoint" to be a URL like "https://abc123.execute-api.us-east-1.amazonaws.com/production", got ${got}.`,
  );
}

function resolveSubprotocols(read: OptionsReader): readonly string[] {
  const subprotocols = read.texts('subprotocols') ?? [];
  if (subprotocols.every(isSubprotocol)) return subprotocols;
  throw read.unexpected('subprotocols', 'an array of tokens such as "chat.v1"', subprotocols);
}

function resolveSender(read: OptionsReader): 'lean' | 'sdk' {
  const sender = read.text('sender', DEFAULTS.sender);
  if (sender === 'lean' || sender === 'sdk') return sender;
  throw read.unexpected('sender', '"lean" or "sdk"', sender);
}

function resolveCredentials(read: OptionsReader): AwsCredentials | null {
  const credentials = read.take('credentials');
  if (credentials === undefined) return null;
  if (typeof credentials === 'function') return credentials as AwsCredentials;
  const { accessKeyId, secretAccessKey } = (credentials ?? {}) as Record<string, unknown>;
  // What an environment variable that is not set leaves here would fail at the first message, far from its cause.
  if (isKey(accessKeyId) && isKey(secretAccessKey)) return credentials as AwsCredentials;
  throw read.unexpected(
    'credentials',
    '{ accessKeyId, secretAccessKey } with two non-empty strings, or a provider of them',
    credentials,
    true,
  );
}

function isKey(value: unknown): boolean {
  return typeof value === 'string' && value !== '';
}
