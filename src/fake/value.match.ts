/** Decides about a message: its data as the client would read it, and the message. Say the type of its data: `(data: ChatMessage) => …`. */
export type MessagePredicate<Message> = (data: never, message: Message) => boolean;

/** What Jest's and Vitest's `expect.any(…)` and the like are. */
interface AsymmetricMatcher {
  asymmetricMatch(value: unknown): boolean;
}

/** Where a value is not what was expected. */
export interface Difference {
  /** Such as `lines[0].sku`; empty for the value itself. */
  readonly path: string;
  readonly value: unknown;
  readonly expected: unknown;
}

/**
 * The first place in which a value that was JSON is not the one expected; `null` where it is. Of an object only the keys that are expected have to be
 * there, at any depth; lists are as long as expected. In the place of a value may stand a regular expression for a text, a function that decides, or a
 * matcher such as `expect.any(String)`.
 *
 * @throws what a function or a matcher throws, and a TypeError for a function that answers with a promise
 */
export function differenceOf(value: unknown, expected: unknown, path = ''): Difference | null {
  const different: Difference = { path, value, expected };
  if (typeof expected === 'function')
    return isAccepted((expected as (value: unknown) => unknown)(value)) ? null : different;
  // Of numbers JSON has neither NaN nor -0.
  if (typeof expected !== 'object' || expected === null) return value === expected ? null : different;
  if (isAsymmetric(expected)) return expected.asymmetricMatch(value) ? null : different;
  if (isRegExp(expected)) return typeof value === 'string' && new RegExp(expected).test(value) ? null : different;
  // Dates and the like are what JSON makes of them.
  if ('toJSON' in expected && typeof expected.toJSON === 'function') {
    return differenceOf(value, (expected.toJSON as () => unknown)(), path);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value) !== Array.isArray(expected)) return different;
  const isList = Array.isArray(expected);
  if (isList && (value as unknown[]).length !== expected.length) return different;
  for (const [key, part] of Object.entries(expected)) {
    const inner = isList ? `${path}[${key}]` : path === '' ? key : `${path}.${key}`;
    const difference = differenceOf(ownValue(value, key), part, inner);
    if (difference !== null) return difference;
  }
  return null;
}

/** Whether a value that was JSON is the one expected; see {@link differenceOf}. */
export function isMatch(value: unknown, expected: unknown): boolean {
  return differenceOf(value, expected) === null;
}

/** What a function of the test's decided. A promise would always be a yes. */
export function isAccepted(answer: unknown): boolean {
  if (typeof answer === 'object' && answer !== null && 'then' in answer) {
    throw new TypeError('The function returned a promise, and an assertion waits for none.');
  }
  return Boolean(answer);
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
