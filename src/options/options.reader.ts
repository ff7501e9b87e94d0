import { InvalidOptionsError } from '../errors/invalid-options.error.js';

/** Reads options one by one, checks them, and knows which of those given nobody read. */
export class OptionsReader {
  private readonly known = new Set<string>();

  /** @param path what the options are part of, e.g. `gateway` */
  constructor(
    private readonly options: Readonly<Record<string, unknown>>,
    private readonly path = '',
  ) {
    if (typeof options !== 'object' || options === null || Array.isArray(options)) {
      // Whatever it is instead may be a key put in the wrong place.
      throw unexpected(path === '' ? 'options' : path, 'an object', options, true);
    }
  }

  text<Default extends string | null>(key: string, byDefault: Default): string | Default {
    const value = this.take(key);
    if (value === undefined) return byDefault;
    if (typeof value === 'string' && value.trim() !== '') return value;
    throw this.unexpected(key, 'a non-empty string', value);
  }

  /** A text that must be there and that no message may repeat. */
  secret(key: string): string {
    const value = this.take(key);
    if (typeof value === 'string' && value !== '') return value;
    throw this.unexpected(key, 'a non-empty string', value, true);
  }

  wholeNumber<Default extends number | null>(
    key: string,
    min: number,
    byDefault: Default,
    max = Number.MAX_SAFE_INTEGER,
  ): number | Default {
    const value = this.take(key);
    if (value === undefined) return byDefault;
    if (Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max) return value as number;
    const range = max === Number.MAX_SAFE_INTEGER ? `of at least ${min}` : `from ${min} to ${max}`;
    throw this.unexpected(key, `a whole number ${range}`, value);
  }

  /** `true` or `false`; `null` when it is left out. */
  switch(key: string): boolean | null {
    const value = this.take(key);
    if (value === undefined) return null;
    if (typeof value === 'boolean') return value;
    throw this.unexpected(key, 'true or false', value);
  }

  texts(key: string): readonly string[] | null {
    const value = this.take(key);
    if (value === undefined) return null;
    if (Array.isArray(value) && value.every((item) => typeof item === 'string' && item !== ''))
      return value as string[];
    throw this.unexpected(key, 'an array of non-empty strings', value);
  }

  /** Options within options; `false` and absence are both `null`. */
  section(key: string): OptionsReader | null {
    const value = this.take(key);
    if (value === undefined || value === false) return null;
    return new OptionsReader(value as Record<string, unknown>, this.pathOf(key));
  }

  /** An object that has these methods. */
  object<Type extends object>(key: string, what: string, methods: readonly (keyof Type & string)[]): Type | null {
    const value = this.take(key);
    if (value === undefined) return null;
    const hasAll =
      typeof value === 'object' &&
      value !== null &&
      methods.every((method) => typeof (value as never)[method] === 'function');
    if (hasAll) return value as Type;
    // What was put there instead may be a URL with a password in it.
    throw this.unexpected(key, what, value, true);
  }

  /** A value that the reader does not judge. */
  take(key: string): unknown {
    this.known.add(key);
    return Object.hasOwn(this.options, key) ? this.options[key] : undefined;
  }

  /** @throws InvalidOptionsError when an option was given that nobody asked for: a typo that types cannot see in a JSON file */
  refuseUnknown(): void {
    const unknown = Object.keys(this.options).find((key) => !this.known.has(key));
    if (unknown === undefined) return;
    const option = this.pathOf(unknown);
    throw new InvalidOptionsError(
      option,
      `Unknown option "${option}"; the options are ${[...this.known].sort().join(', ')}.`,
    );
  }

  /** @param secret whether the value must not be repeated */
  unexpected(key: string, expected: string, got: unknown, secret = false): InvalidOptionsError {
    return unexpected(this.pathOf(key), expected, got, secret);
  }

  private pathOf(key: string): string {
    return this.path === '' ? key : `${this.path}.${key}`;
  }
}

function unexpected(option: string, expected: string, got: unknown, secret = false): InvalidOptionsError {
  return new InvalidOptionsError(
    option,
    `Expected "${option}" to be ${expected}, got ${secret ? typeOf(got) : describe(got)}.`,
  );
}

function describe(value: unknown): string {
  if (typeof value === 'string') return `${JSON.stringify(value)} (string)`;
  if (typeof value === 'number' || typeof value === 'boolean') return `${value} (${typeof value})`;
  return typeOf(value);
}

function typeOf(value: unknown): string {
  return value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value;
}
