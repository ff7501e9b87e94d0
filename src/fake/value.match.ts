/** Decides about a message: its data as the client would read it, and the message. Say the type of its data: `(data: ChatMessage) => …`. */
export type MessagePredicate<Message> = (data: never, message: Message) => boolean;

/** What Jest's and Vitest's `expect.any(…)` and the like are. */
interface AsymmetricMatcher {
  asymmetricMatch(value: unknown): boolean;
}

/**
 * Whether a value that was JSON is the one expected. Of an object only the keys that are expected have to be there, at any depth; lists are as long as
 * expected. In the place of a value may stand a regular expression for a text, a function that decides, or a matcher such as `expect.any(String)`.
 */
export function isMatch(value: unknown, expected: unknown): boolean {
  if (typeof expected === 'function') return Boolean((expected as (value: unknown) => unknown)(value));
  if (typeof expected !== 'object' || expected === null) return Object.is(value, expected);
  if (isAsymmetric(expected)) return expected.asymmetricMatch(value);
  if (isRegExp(expected)) return typeof value === 'string' && new RegExp(expected).test(value);
  // Dates and the like are what JSON makes of them.
  if ('toJSON' in expected && typeof expected.toJSON === 'function') {
    return isMatch(value, (expected.toJSON as () => unknown)());
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value) !== Array.isArray(expected)) return false;
  if (Array.isArray(expected) && (value as unknown[]).length !== expected.length) return false;
  return Object.entries(expected).every(([key, part]) => isMatch(ownValue(value, key), part));
}

function ownValue(value: object, key: string): unknown {
  return Object.hasOwn(value, key) ? (value as Readonly<Record<string, unknown>>)[key] : undefined;
}

function isAsymmetric(value: object): value is AsymmetricMatcher {
  return 'asymmetricMatch' in value && typeof value.asymmetricMatch === 'function';
}

/** Test runners have several worlds, each with a `RegExp` of its own. */
export function isRegExp(value: object): value is RegExp {
  return Object.prototype.toString.call(value) === '[object RegExp]';
}
