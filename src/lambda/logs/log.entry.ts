import type { LogLevel } from '@nestjs/common';
import { copyOfError } from '../../logging/error.copy.js';
import { writtenLineOf } from '../../logging/written.line.js';

/** A line of the log, in parts. */
export interface LogEntry {
  readonly level: LogLevel;
  /** The sentence; of a line of this package without its code and its fields. */
  readonly message: string;
  /** What Nest calls context: who writes. */
  readonly context: string | undefined;
  /** What is told beside the sentence: `code` and fields of this package's lines, objects that were logged with others. */
  readonly attributes: Readonly<Record<string, unknown>>;
  /** What was thrown. */
  readonly error: Error | undefined;
  /** A stack that came as text. */
  readonly stack: string | undefined;
  /** The line as one text, with the stack of what was thrown. */
  readonly text: string;
}

type Attributes = Readonly<Record<string, unknown>>;

/**
 * Reads a call of a method of Nest's logger.
 *
 * @param parameters what came after the message: objects, errors, a stack, and the context last
 */
export function entryOf(level: LogLevel, message: unknown, parameters: readonly unknown[]): LogEntry {
  const rest = parameters.filter((parameter) => parameter !== undefined);
  const last = rest.at(-1);
  const context = typeof last === 'string' && !isStack(last) ? last : undefined;
  if (context !== undefined) rest.pop();
  return ownEntry(level, message, context) ?? otherEntry(level, message, rest, context);
}

/** The entry of a line of this package. */
function ownEntry(level: LogLevel, message: unknown, context: string | undefined): LogEntry | null {
  const line = writtenLineOf(message);
  if (line === null) return null;
  const { code, fields, detail } = line;
  const text = String(message);
  return {
    level,
    message: line.message,
    context,
    attributes: { code, ...fields },
    error: detail === null ? undefined : copyOfError(line.error),
    stack: detail ?? undefined,
    // At `error` the detail comes beside the text, at other levels it is the end of it.
    text: detail === null || text.endsWith(detail) ? text : `${text}\n    ${detail}`,
  };
}

function otherEntry(
  level: LogLevel,
  message: unknown,
  rest: readonly unknown[],
  context: string | undefined,
): LogEntry {
  const parts = [resolved(message), ...rest];
  const error = parts.find((part) => part instanceof Error);
  const stack = parts.slice(1).find(isStack);
  const objects = parts.filter(isPlainObject);
  const texts = parts.filter((part) => part !== stack && part !== error && !isPlainObject(part)).map(textOf);
  const attributes = objects.reduce<Attributes>((all, object) => ({ ...all, ...object }), {});
  const { message: inObject } = attributes;
  if (texts.length === 0) texts.push(error?.message ?? (typeof inObject === 'string' ? inObject : ''));
  const sentence = texts.join(' ');
  const trace = error?.stack ?? stack;
  return {
    level,
    message: sentence,
    context,
    attributes,
    error,
    stack: trace,
    text: [[sentence, ...objects.map(textOf)].filter(Boolean).join(' '), ...(trace === undefined ? [] : [trace])].join(
      '\n',
    ),
  };
}

function isStack(value: unknown): value is string {
  return typeof value === 'string' && /\n[ \t]+at /.test(value);
}

/** Nest takes functions that make the message, and classes for their names. */
function resolved(message: unknown): unknown {
  if (typeof message !== 'function') return message;
  if (Function.prototype.toString.call(message).startsWith('class ')) return message.name;
  return (message as () => unknown)();
}

function isPlainObject(value: unknown): value is Attributes {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : (jsonText(value) ?? typeof value);
}

/** A value as JSON on one line, where that has no place for it told as text; `undefined` for what refers to itself, or throws. */
export function jsonText(value: unknown): string | undefined {
  try {
    return JSON.stringify(value, (_key, part: unknown) => {
      if (typeof part === 'bigint') return String(part);
      return part instanceof Error ? { name: part.name, message: part.message, stack: part.stack } : part;
    });
  } catch {
    return undefined;
  }
}
