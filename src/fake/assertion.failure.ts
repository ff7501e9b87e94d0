import type { DeliveryOutcome } from '../contracts/connection.transport.js';
import type { SentMessage } from './recording.js';
import { isRegExp, type Difference } from './value.match.js';
import type { Verdict } from './verdict.js';

/** How much of a failure anybody reads. */
const MAX_MESSAGES = 20;
const MAX_VALUE_CHARS = 300;
const MAX_PART_CHARS = 100;
/** How much of two long texts that begin alike is shown before they differ. */
const LEAD_CHARS = 20;
const MAX_NAMES = 8;

/** A value, readable and not long. */
export function textOf(value: unknown): string {
  return shortened(toText(value), MAX_VALUE_CHARS);
}

/** What was expected of the data, for a sentence: ` that matches {…}`. */
export function textOfMatch(expected: unknown, isPlural = false): string {
  if (expected === undefined) return '';
  if (typeof expected === 'function') return ' that the function accepts';
  return ` that ${isPlural ? 'match' : 'matches'} ${textOf(expected)}`;
}

/** Names as a list: `"a", "b" and 3 more`. */
export function textOfNames(names: readonly unknown[]): string {
  const shown = names.slice(0, MAX_NAMES).map((name) => textOf(name));
  const rest = names.length - shown.length;
  return rest > 0 ? `${shown.join(', ')} and ${rest} more` : shown.join(', ');
}

/** The target of a message in words: `channel "news" and user 42, without connection "a"`. */
export function textOfTarget({ connectionIds, userIds, channels, except = [] }: SentMessage['target']): string {
  const parts = [
    ...(connectionIds === undefined ? [] : [named('connection', connectionIds)]),
    ...(userIds === undefined ? [] : [named('user', userIds)]),
    ...(channels === undefined ? [] : [named('channel', channels)]),
  ];
  const whom = parts.length === 0 ? 'everyone' : parts.join(' and ');
  return except.length === 0 ? whom : `${whom}, without ${named('connection', except)}`;
}

/** What keeps a message from being the one expected, in a line of its own; nothing where one sees it anyway. */
export function textOfVerdict(verdict: Verdict | null): string {
  if (verdict?.type === 'threw')
    return `\n     the function threw ${shortened(oneLine(verdict.error), MAX_VALUE_CHARS)}`;
  const difference = verdict?.type === 'different' ? verdict.difference : null;
  return difference === null ? '' : textOfDifference(difference);
}

/** What was sent, one line for each message, those that come nearest to what was expected in front. */
export function textOfSent(
  sent: readonly SentMessage[],
  isNear: (message: SentMessage) => boolean = () => false,
  remarkOn: (message: SentMessage) => string = () => '',
): string {
  if (sent.length === 0) return 'Nothing was sent.';
  const ordered = [...sent.filter(isNear), ...sent.filter((message) => !isNear(message))];
  const lines = ordered
    .slice(0, MAX_MESSAGES)
    .map((message) => `  ${sent.indexOf(message) + 1}. ${lineOf(message)}${remarkOn(message)}`);
  const rest = sent.length - lines.length;
  if (rest > 0) lines.push(`  … and ${rest} more`);
  return `${sent.length === 1 ? 'This was sent:' : `These ${sent.length} messages were sent:`}\n${lines.join('\n')}`;
}

/** Lines of what happened, at most so many. */
export function textOfList(title: string, lines: readonly string[]): string {
  const shown = lines.slice(0, MAX_MESSAGES).map((line) => `  ${line}`);
  const rest = lines.length - shown.length;
  if (rest > 0) shown.push(`  … and ${rest} more`);
  return `${title}\n${shown.join('\n')}`;
}

/**
 * An `AssertionError` of `node:assert`, which every test runner knows how to show.
 *
 * @param caller what its stack begins above
 */
export function failure(message: string, caller: () => unknown): Error {
  // Loaded here and now, without a promise, and by nothing but a test that has failed.
  const { AssertionError } = process.getBuiltinModule('node:assert');
  return new AssertionError({ message, operator: 'fail', stackStartFn: caller });
}

function lineOf({ method, target, event, data, recipients, failures }: SentMessage): string {
  const name = event === undefined ? method : `${method} ${textOf(event)}`;
  const reached = recipients.length === 0 ? 'nobody' : textOfNames(recipients);
  return `${name} to ${textOfTarget(target)}: ${textOf(data)}\n     reached ${reached}${textOfFailures(failures)}`;
}

function textOfFailures(failures: ReadonlyMap<string, DeliveryOutcome>): string {
  const [first] = failures;
  if (first === undefined) return '';
  const [connectionId, { reason }] = first;
  const more = failures.size > 1 ? `, and ${failures.size - 1} more` : '';
  if (reason === 'still-connecting') {
    return `; not ${textOf(connectionId)}, whose $connect is still being answered: API Gateway refuses messages until then${more}`;
  }
  const why = reason === 'unknown-connection' ? 'of whom no $connect was handled' : (reason ?? 'failed');
  return `; not ${textOf(connectionId)} (${why})${more}`;
}

function named(what: string, names: readonly unknown[]): string {
  if (names.length === 0) return `no ${what}`;
  return `${what}${names.length === 1 ? '' : 's'} ${textOfNames(names)}`;
}

function toText(value: unknown): string {
  if (value === undefined) return 'undefined';
  try {
    return JSON.stringify(value, asText) ?? inspected(value);
  } catch {
    return inspected(value);
  }
}

/** What may stand in an expectation, and has no JSON form. */
function asText(_: string, value: unknown): unknown {
  if (typeof value === 'function') return '[function]';
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value !== 'object' || value === null) return value;
  if (isRegExp(value)) return value.toString();
  const { toAsymmetricMatcher } = value as { readonly toAsymmetricMatcher?: () => string };
  return typeof toAsymmetricMatcher === 'function' ? toAsymmetricMatcher.call(value) : value;
}

/** What has no JSON form, as Node shows it: a circle, a symbol. */
function inspected(value: unknown): string {
  return process.getBuiltinModule('node:util').inspect(value, { depth: 3, breakLength: Infinity });
}

function textOfDifference({ path, value, expected }: Difference): string {
  const [was, wanted] = differing(toText(value), toText(expected));
  const isSeen = path === '' && was.length + wanted.length < MAX_PART_CHARS;
  if (isSeen) return '';
  const where = path === '' ? '' : ` in ${shortened(path, MAX_PART_CHARS)}`;
  return `\n     differs${where}: expected ${shortened(wanted, MAX_PART_CHARS)}, was ${shortened(was, MAX_PART_CHARS)}`;
}

/** Two texts; of long ones that begin alike, what is around the place where they part. */
function differing(one: string, other: string): readonly [string, string] {
  if (Math.max(one.length, other.length) <= MAX_PART_CHARS) return [one, other];
  let alike = 0;
  while (alike < one.length && one[alike] === other[alike]) alike++;
  if (alike <= LEAD_CHARS) return [one, other];
  const from = alike - LEAD_CHARS;
  return [`…${one.slice(from)}`, `…${other.slice(from)}`];
}

function oneLine(error: unknown): string {
  const { name, message } = Object(error) as Partial<Error>;
  const text = typeof message === 'string' ? `${name ?? 'Error'}: ${message}` : toText(error);
  // Test runners colour what their own assertions throw.
  return process.getBuiltinModule('node:util').stripVTControlCharacters(text).replaceAll(/\s+/g, ' ');
}

function shortened(text: string, maxChars: number): string {
  return text.length <= maxChars ? text : `${text.slice(0, maxChars)}… (${text.length} characters)`;
}
