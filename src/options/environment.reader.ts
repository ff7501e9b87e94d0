import { InvalidOptionsError } from '../errors/invalid-options.error.js';

export type Environment = Readonly<Record<string, string | undefined>>;

/** What Laravel's `.env` files write for no value; a path by that name would not be found anyway. */
const NULL = 'null';

const SWITCH: Readonly<Record<string, boolean>> = Object.freeze({ true: true, '1': true, false: false, '0': false });

/** The variables that this package reads and whose names another product could hardly mean. */
export const VARIABLES: readonly string[] = Object.freeze([
  'WEBSOCKET_API_GATEWAY_ENDPOINT',
  'WEBSOCKET_AWS_REGION',
  'WEBSOCKET_REDIS_URL',
  'WEBSOCKET_DYNAMODB_TABLE',
  'WEBSOCKET_FANOUT_QUEUE_URL',
  'WEBSOCKET_HOST',
  'WEBSOCKET_PORT',
  'WEBSOCKET_PATH',
  'WEBSOCKET_ENABLED',
  'WEBSOCKET_MAX_CLIENTS',
  'WEBSOCKET_AUTH_ENABLED',
  'WEBSOCKET_DEBUG',
  'WEBSOCKET_LOG_CHANNEL',
  'WEBSOCKET_ERROR_LOG',
  'WEBSOCKET_SSL_CERT_PATH',
  'WEBSOCKET_SSL_KEY_PATH',
  'WEBSOCKET_PING_INTERVAL',
  'WEBSOCKET_LIMITS',
  'WEBSOCKET_CLUSTER',
]);

/** Reads environment variables one by one and checks them. An empty one, and one that is `null`, counts as not set. */
export class EnvironmentReader {
  constructor(private readonly env: Environment) {}

  text(name: string): string | null {
    const value = this.env[name]?.trim();
    return value === undefined || value === '' || value === NULL ? null : value;
  }

  /** `true`, `false`, 1 or 0. */
  switch(name: string): boolean | null {
    const value = this.text(name);
    if (value === null) return null;
    const isOn = SWITCH[value.toLowerCase()];
    if (isOn === undefined) throw this.unexpected(name, '"true" or "false"', value);
    return isOn;
  }

  wholeNumber(name: string, min: number, max: number, remedy = ''): number | null {
    const value = this.text(name);
    if (value === null) return null;
    const number = /^\d+$/.test(value) ? Number(value) : NaN;
    if (number >= min && number <= max) return number;
    throw this.unexpected(name, `a whole number from ${min} to ${max}`, value, remedy);
  }

  /** @throws InvalidOptionsError when a variable is set whose name is one slip away from one that the package reads */
  refuseMisspelled(): void {
    for (const name of Object.keys(this.env)) {
      if (!name.startsWith('WEBSOCKET_') || VARIABLES.includes(name)) continue;
      const meant = VARIABLES.find((variable) => isOneSlipAway(name, variable));
      if (meant === undefined) continue;
      throw new InvalidOptionsError(name, `Unknown environment variable ${name}; did you mean ${meant}?`);
    }
  }

  unexpected(name: string, expected: string, got: string, remedy = ''): InvalidOptionsError {
    // A variable may hold anything, also what was meant for another one: only short words are repeated.
    const shown = /^[\w.:/-]{1,40}$/.test(got) ? `"${got}"` : `a text of ${got.length} characters`;
    return new InvalidOptionsError(
      name,
      `Expected the environment variable ${name} to be ${expected}, got ${shown}.${remedy === '' ? '' : ` ${remedy}`}`,
    );
  }
}

/** Whether one letter was left out, put in, mistaken, or swapped with its neighbour. */
function isOneSlipAway(text: string, other: string): boolean {
  let start = 0;
  while (start < text.length && text[start] === other[start]) start++;
  const [left, right] = [text.slice(start), other.slice(start)];
  return (
    left.slice(1) === right ||
    left === right.slice(1) ||
    left.slice(1) === right.slice(1) ||
    (left.length > 1 && left[0] === right[1] && left[1] === right[0] && left.slice(2) === right.slice(2))
  );
}
