import { MAX_DELAY_MS } from '../contracts/clock.js';
import { InvalidOptionsError } from '../errors/invalid-options.error.js';
import type { EnvironmentReader } from './environment.reader.js';
import { OptionsReader } from './options.reader.js';

/** Where the embedded gateway listens, and how it starts and ends. */
export interface ResolvedListeningOptions {
  /** `null` without a port of its own. */
  readonly port: number | null;
  readonly host: string;
  readonly socketPath: string | null;
  readonly tls: ResolvedTlsOptions | null;
  readonly backlog: number;
  readonly maxHeaderBytes: number;
  readonly handshakeTimeoutMs: number;
  readonly drain: ResolvedDrainOptions;
  readonly probes: ResolvedProbesOptions | null;
}

export interface ResolvedTlsOptions {
  readonly certPath: string;
  readonly keyPath: string;
  readonly caPath: string | null;
  readonly passphrase: string | null;
}

export interface ResolvedDrainOptions {
  readonly delayMs: number;
  readonly durationMs: number;
  readonly graceMs: number;
}

export interface ResolvedProbesOptions {
  readonly livenessPath: string;
  readonly readinessPath: string;
}

const DEFAULTS = Object.freeze({
  host: '127.0.0.1',
  backlog: 511,
  maxHeaderBytes: 16_384,
  handshakeTimeoutMs: 10_000,
  drain: Object.freeze({ delayMs: 0, durationMs: 10_000, graceMs: 10_000 }),
  probes: Object.freeze({ livenessPath: '/livez', readinessPath: '/readyz' }),
});

const MAX_PORT = 65_535;

const MAX_BACKLOG = 65_535;

/** What the address of a Unix socket has room for: 104 bytes with their end on macOS, 108 on Linux. */
const MAX_SOCKET_PATH_BYTES = 103;

const KUBERNETES =
  'Kubernetes sets it so for a Service called "websocket": rename the Service, or set enableServiceLinks to false in the pod.';

/** A path of a URL: segments of characters that need no encoding. */
export const PATH = /^(?:\/[A-Za-z0-9._~-]+)+$/;

/** @throws InvalidOptionsError naming the option or the environment variable that cannot be used */
export function resolveListening(read: OptionsReader, env: EnvironmentReader, path: string): ResolvedListeningOptions {
  const given = { port: read.wholeNumber('port', 0, null, MAX_PORT), host: read.text('host', null) };
  const socketPath = resolveSocketPath(read, given);
  const port = socketPath === null ? (given.port ?? env.wholeNumber('WEBSOCKET_PORT', 0, MAX_PORT, KUBERNETES)) : null;
  return {
    port,
    host: given.host ?? env.text('WEBSOCKET_HOST') ?? DEFAULTS.host,
    socketPath,
    tls: resolveTls(read, env, port !== null),
    backlog: read.wholeNumber('backlog', 1, DEFAULTS.backlog, MAX_BACKLOG),
    maxHeaderBytes: read.wholeNumber('maxHeaderBytes', 1_024, DEFAULTS.maxHeaderBytes, 1_048_576),
    handshakeTimeoutMs: read.wholeNumber('handshakeTimeoutMs', 1, DEFAULTS.handshakeTimeoutMs, MAX_DELAY_MS),
    drain: resolveDrain(read),
    probes: resolveProbes(read, path, port !== null || socketPath !== null),
  };
}

function resolveSocketPath(
  read: OptionsReader,
  { port, host }: { readonly port: number | null; readonly host: string | null },
): string | null {
  const socketPath = read.text('socketPath', null);
  if (socketPath === null) return null;
  if (socketPath.includes('\0') || Buffer.byteLength(socketPath) > MAX_SOCKET_PATH_BYTES) {
    throw read.unexpected('socketPath', `a path of at most ${MAX_SOCKET_PATH_BYTES} bytes`, socketPath);
  }
  if (port !== null) throw read.unexpected('port', 'left out where "gateway.socketPath" is given', port);
  if (host !== null) throw read.unexpected('host', 'left out where "gateway.socketPath" is given', host);
  return socketPath;
}

function resolveTls(read: OptionsReader, env: EnvironmentReader, hasPort: boolean): ResolvedTlsOptions | null {
  const section = read.section('tls');
  if (read.take('tls') === false) return null;
  const fromEnv = { certPath: env.text('WEBSOCKET_SSL_CERT_PATH'), keyPath: env.text('WEBSOCKET_SSL_KEY_PATH') };
  if (section === null && fromEnv.certPath === null && fromEnv.keyPath === null) return null;
  const tls = section ?? new OptionsReader({}, 'gateway.tls');
  const resolved = {
    certPath: tls.text('certPath', fromEnv.certPath),
    keyPath: tls.text('keyPath', fromEnv.keyPath),
    caPath: tls.text('caPath', null),
    passphrase: tls.take('passphrase') === undefined ? null : tls.secret('passphrase'),
  };
  tls.refuseUnknown();
  const { certPath, keyPath } = resolved;
  if (certPath === null) throw missing('certPath', 'WEBSOCKET_SSL_CERT_PATH');
  if (keyPath === null) throw missing('keyPath', 'WEBSOCKET_SSL_KEY_PATH');
  if (!hasPort) {
    // The server of the application has a certificate of its own, or none; to go on without this one would be to go on in the clear.
    throw new InvalidOptionsError(
      'gateway.tls',
      'Expected "gateway.port" or WEBSOCKET_PORT beside "gateway.tls" or WEBSOCKET_SSL_CERT_PATH: a certificate is for a port of the gateway’s own.',
    );
  }
  return { ...resolved, certPath, keyPath };
}

function missing(option: string, variable: string): InvalidOptionsError {
  return new InvalidOptionsError(
    `gateway.tls.${option}`,
    `Expected "gateway.tls.${option}" or ${variable} to be set: a certificate and its key go together.`,
  );
}

function resolveDrain(read: OptionsReader): ResolvedDrainOptions {
  const drain = read.section('drain') ?? new OptionsReader({}, 'gateway.drain');
  const resolved = {
    delayMs: drain.wholeNumber('delayMs', 0, DEFAULTS.drain.delayMs, MAX_DELAY_MS),
    durationMs: drain.wholeNumber('durationMs', 0, DEFAULTS.drain.durationMs, MAX_DELAY_MS),
    graceMs: drain.wholeNumber('graceMs', 1, DEFAULTS.drain.graceMs, MAX_DELAY_MS),
  };
  drain.refuseUnknown();
  return resolved;
}

function resolveProbes(read: OptionsReader, path: string, isOwnServer: boolean): ResolvedProbesOptions | null {
  const given = read.section('probes');
  if (given === null && (read.take('probes') === false || !isOwnServer)) return null;
  const probes = given ?? new OptionsReader({}, 'gateway.probes');
  const resolved = {
    livenessPath: probes.text('livenessPath', DEFAULTS.probes.livenessPath),
    readinessPath: probes.text('readinessPath', DEFAULTS.probes.readinessPath),
  };
  probes.refuseUnknown();
  const taken = new Set([path]);
  for (const [key, probe] of Object.entries(resolved)) {
    if (!PATH.test(probe)) throw probes.unexpected(key, 'a path like "/readyz"', probe);
    if (taken.has(probe)) throw probes.unexpected(key, 'a path of its own', probe);
    taken.add(probe);
  }
  return resolved;
}
