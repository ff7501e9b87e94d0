import type { LoggerService } from '@nestjs/common';

/** A line that the application's logger was given. */
export interface CapturedLine {
  readonly level: string;
  readonly text: string;
  /** What came with the text: a stack, and the context last. */
  readonly rest: readonly unknown[];
}

/** What the start of a line says. */
export interface ParsedLine {
  readonly code: string;
  readonly fields: Readonly<Record<string, string>>;
  readonly message: string;
}

const LINE = /^\[([a-z.-]+)((?: \w+=(?:"(?:[^"\\]|\\.)*"|[^\s"\]]+))*)\] (.+)$/u;
const FIELD = /(\w+)=("(?:[^"\\]|\\.)*"|[^\s"\]]+)/gu;

/** A logger that keeps every line of every level. */
export class LogCapture implements LoggerService {
  readonly lines: CapturedLine[] = [];
  readonly log = this.at('log');
  readonly error = this.at('error');
  readonly warn = this.at('warn');
  readonly debug = this.at('debug');
  readonly verbose = this.at('verbose');
  readonly fatal = this.at('fatal');

  /** The lines of one context, read. */
  parsed(context = 'WebSocket'): (ParsedLine & { readonly level: string })[] {
    return this.lines
      .filter(({ rest }) => rest.at(-1) === context)
      .map(({ level, text }) => ({ level, ...parseLine(text) }));
  }

  codes(context?: string): string[] {
    return this.parsed(context).map(({ code }) => code);
  }

  /** Everything that was said, stacks and all. */
  get everything(): string {
    return this.lines.flatMap(({ text, rest }) => [text, ...rest.map(String)]).join('\n');
  }

  private at(level: string) {
    return (text: unknown, ...rest: unknown[]): void => void this.lines.push({ level, text: String(text), rest });
  }
}

/** Reads a line as a collector of logs would. */
export function parseLine(text: string): ParsedLine {
  const [, code, fields = '', message] = LINE.exec(text.split('\n')[0] ?? '') ?? [];
  if (code === undefined || message === undefined) throw new Error(`This is no line of the log: ${text}`);
  const pairs = [...fields.matchAll(FIELD)].map(([, name = '', value = '']) => [
    name,
    value.startsWith('"') ? (JSON.parse(value) as string) : value,
  ]);
  return { code, fields: Object.fromEntries(pairs) as Record<string, string>, message };
}
