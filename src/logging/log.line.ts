import { describeError } from './error.description.js';
import type { LogCode } from './log.codes.js';

/**
 * What a line tells beside its sentence. These and no others, so that nobody hands a payload, a header or the id of a user to the log.
 */
export interface LogFields {
  readonly connectionId?: string | undefined;
  readonly broadcastId?: string | undefined;
  readonly route?: string | undefined;
  /** An HTTP status. */
  readonly status?: number | undefined;
  readonly closeCode?: number | undefined;
  readonly cause?: string | undefined;
  /** What was thrown: its stack and its causes are told. */
  readonly error?: unknown;
}

/** A line of the log in its parts, none of which can break out of it. */
export interface LogLine {
  readonly code: LogCode;
  readonly message: string;
  readonly fields: Readonly<Record<string, string | number>>;
  /** The stack of what was thrown, on several lines. */
  readonly detail: string | null;
}

const MAX_VALUE_CHARACTERS = 128;
const MAX_MESSAGE_CHARACTERS = 2_048;
const MAX_DETAIL_CHARACTERS = 16_384;

/** Ends of lines, terminal sequences, and what reverses the direction of writing. */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/** What needs no quotes in `name=value`. */
const BARE = /^[\w.:/+=@%~-]+$/;

export function lineOf(code: LogCode, message: string, { error, ...fields }: LogFields): LogLine {
  const told: Record<string, string | number> = {};
  for (const [name, value] of Object.entries<string | number | undefined>(fields)) {
    if (value !== undefined) told[name] = typeof value === 'number' ? value : visible(value, MAX_VALUE_CHARACTERS);
  }
  return {
    code,
    message: visible(message, MAX_MESSAGE_CHARACTERS),
    fields: told,
    detail: error === undefined ? null : indented(describeError(error)),
  };
}

/** The line as text, without its detail: `[event.failed connectionId=BFHPhfCWIAMCKlQ=] An event could not be handled.` */
export function textOf({ code, message, fields }: LogLine): string {
  const pairs = Object.entries(fields).map(([name, value]) => ` ${name}=${quoted(value)}`);
  return `[${code}${pairs.join('')}] ${message}`;
}

/** The line as one line of JSON, with its end. */
export function jsonOf({ code, message, fields, detail }: LogLine, level: string, timeMs: number): string {
  const entry = { time: new Date(timeMs).toISOString(), level, code, connectionId: null, message, ...fields };
  return `${JSON.stringify(detail === null ? entry : { ...entry, detail })}\n`;
}

function quoted(value: string | number): string {
  return typeof value === 'number' || BARE.test(value) ? String(value) : JSON.stringify(value);
}

/** A text on one line in which everything can be seen; cut where it is too long. */
export function visible(text: string, maxCharacters: number): string {
  const cut = text.length > maxCharacters ? `${text.slice(0, maxCharacters)}…` : text;
  return cut.replace(INVISIBLE, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`);
}

/** A text of several lines, of which only the first begins at the margin: none can pass for a line of its own. */
export function indented(text: string): string {
  const cut = text.length > MAX_DETAIL_CHARACTERS ? `${text.slice(0, MAX_DETAIL_CHARACTERS)}…` : text;
  return cut
    .split(/\r\n|\r|\n/)
    .map((line, index) => (index === 0 || line.startsWith('    ') ? '' : '    ') + visible(line, MAX_DETAIL_CHARACTERS))
    .join('\n');
}
