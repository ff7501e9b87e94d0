const ACTION = 'execute-api:invoke';

/** What of a statement is understood; others, as conditions, are refused rather than passed over. */
const KEYS: ReadonlySet<string> = new Set(['Sid', 'Effect', 'Action', 'Resource']);

/** A policy that API Gateway, or this emulation of it, cannot read. */
export class UnreadablePolicyError extends Error {
  override readonly name = 'UnreadablePolicyError';
}

/**
 * Whether a policy lets its principal invoke `arn`: some statement allows it, and none denies it.
 *
 * @throws UnreadablePolicyError
 */
export function allowsInvoke(policyDocument: unknown, arn: string): boolean {
  const { Statement: given } = record(policyDocument, 'the policy document');
  const statements: unknown[] = Array.isArray(given) ? given : [given];
  let isAllowed = false;
  for (const statement of statements) {
    const { Effect, Action, Resource, ...others } = record(statement, 'a statement');
    const unknown = Object.keys(others).find((key) => !KEYS.has(key));
    if (unknown !== undefined) throw new UnreadablePolicyError(`Statements with ${unknown} are not emulated.`);
    if (Effect !== 'Allow' && Effect !== 'Deny')
      throw new UnreadablePolicyError('Expected an Effect of Allow or Deny.');
    const applies =
      patterns(Action, 'Action').some((action) => matches(action.toLowerCase(), ACTION)) &&
      patterns(Resource, 'Resource').some((resource) => matches(resource, arn));
    if (!applies) continue;
    if (Effect === 'Deny') return false;
    isAllowed = true;
  }
  return isAllowed;
}

function record(value: unknown, what: string): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new UnreadablePolicyError(`Expected ${what} to be an object.`);
}

function patterns(value: unknown, what: string): readonly string[] {
  const all: unknown[] = Array.isArray(value) ? value : [value];
  if (all.every((item) => typeof item === 'string')) return all;
  throw new UnreadablePolicyError(`Expected ${what} to be a string or an array of strings.`);
}

/** Whether the pattern covers the text: `*` stands for any characters, `?` for one. Never in exponential time, whatever the pattern. */
function matches(pattern: string, text: string): boolean {
  let at = 0;
  let position = 0;
  let star = -1;
  let retryFrom = 0;
  while (position < text.length) {
    if (pattern[at] === '*') {
      star = at++;
      retryFrom = position;
    } else if (at < pattern.length && (pattern[at] === '?' || pattern[at] === text[position])) {
      at++;
      position++;
    } else if (star >= 0) {
      at = star + 1;
      position = ++retryFrom;
    } else return false;
  }
  while (pattern[at] === '*') at++;
  return at === pattern.length;
}
