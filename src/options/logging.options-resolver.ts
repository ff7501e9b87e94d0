import type { EnvironmentReader } from './environment.reader.js';
import { OptionsReader } from './options.reader.js';

/** The options of the log with every default in place and every value checked. */
export interface ResolvedLoggingOptions {
  readonly debug: boolean;
  readonly channel: string;
  /** `null` writes no file. */
  readonly errorFile: string | null;
}

const DEFAULTS = Object.freeze({ debug: false, channel: 'WebSocket' });

/** What every line begins with: one that is longer, or has an end of line in it, would spoil them all. */
const CHANNEL = /^[^\p{C}\p{Zl}\p{Zp}]{1,64}$/u;

/**
 * @param read the options of the module
 * @throws InvalidOptionsError naming the option or the environment variable that cannot be used
 */
export function resolveLoggingOptions(read: OptionsReader, env: EnvironmentReader): ResolvedLoggingOptions {
  const logging = read.section('logging') ?? new OptionsReader({}, 'logging');
  const resolved = {
    debug: logging.switch('debug') ?? env.switch('WEBSOCKET_DEBUG') ?? DEFAULTS.debug,
    channel: resolveChannel(logging, env),
    errorFile: resolveErrorFile(logging, env),
  };
  logging.refuseUnknown();
  return resolved;
}

function resolveChannel(read: OptionsReader, env: EnvironmentReader): string {
  const expected = 'a text of 1 to 64 characters on one line';
  const given = read.text('channel', null);
  if (given !== null) {
    if (CHANNEL.test(given)) return given;
    throw read.unexpected('channel', expected, given);
  }
  const channel = env.text('WEBSOCKET_LOG_CHANNEL') ?? DEFAULTS.channel;
  if (CHANNEL.test(channel)) return channel;
  throw env.unexpected('WEBSOCKET_LOG_CHANNEL', expected, channel);
}

function resolveErrorFile(read: OptionsReader, env: EnvironmentReader): string | null {
  const given = read.text('errorFile', null);
  if (given !== null && given.includes('\0')) throw read.unexpected('errorFile', 'a path', given);
  return given ?? env.text('WEBSOCKET_ERROR_LOG');
}
