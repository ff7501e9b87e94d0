import { InvalidResponseError } from './http.response.js';

/** The parts of an answer's head that anybody asks for. */
export interface ResponseHead {
  readonly status: number;
  /** How long the body is; `null` where the head does not say. */
  readonly contentLength: number | null;
  readonly isChunked: boolean;
  readonly keepsAlive: boolean;
  readonly errorType: string | null;
  readonly date: string | null;
}

const STATUS_LINE = /^HTTP\/1\.([01]) ([1-5]\d\d)(?: |$)/;
const FIELD_NAME = /^[\w!#$%&'*+.^`|~-]+$/;
const CLOSE = /(?:^|,)[\t ]*close[\t ]*(?:,|$)/i;

/** Reads the head of an answer, whose empty line begins at `end`. @throws InvalidResponseError */
export function readHead(text: string, start: number, end: number): ResponseHead {
  const firstEnd = lineEnd(text, start, end);
  const [, minor, status] = STATUS_LINE.exec(text.slice(start, firstEnd)) ?? refuse('status line');
  let contentLength: number | null = null;
  let isChunked = false;
  // A connection of HTTP/1.0 is never kept: what little speaks it is not worth the rules.
  let keepsAlive = minor === '1';
  let errorType: string | null = null;
  let date: string | null = null;
  let isFromCache = false;
  for (let at = firstEnd + 2; at < end;) {
    const stop = lineEnd(text, at, end);
    const colon = text.indexOf(':', at);
    if (colon < 0 || colon >= stop) refuse('header');
    const name = text.slice(at, colon);
    if (!FIELD_NAME.test(name)) refuse('header');
    // Only names of these lengths matter, so that most are not even brought to lower case.
    switch (name.length) {
      case 3:
        if (is(name, 'age')) isFromCache = true;
        break;
      case 4:
        if (is(name, 'date')) date = valueOf(text, colon, stop);
        break;
      case 10:
        if (is(name, 'connection') && CLOSE.test(valueOf(text, colon, stop))) keepsAlive = false;
        break;
      case 14:
        if (is(name, 'content-length')) {
          const value = valueOf(text, colon, stop);
          if (contentLength !== null || !/^\d{1,15}$/.test(value)) refuse('content-length');
          contentLength = Number(value);
        }
        break;
      case 16:
        if (is(name, 'x-amzn-errortype')) errorType = valueOf(text, colon, stop);
        break;
      case 17:
        if (is(name, 'transfer-encoding')) {
          if (isChunked || minor !== '1' || valueOf(text, colon, stop).toLowerCase() !== 'chunked') refuse('encoding');
          isChunked = true;
        }
        break;
    }
    at = stop + 2;
  }
  if (isChunked && contentLength !== null) refuse('length');
  return {
    status: Number(status),
    contentLength,
    isChunked,
    keepsAlive,
    errorType,
    date: isFromCache ? null : date,
  };
}

/** Where the line that starts at `at` ends. Nothing but CR LF ends a line, and neither stands in one. */
function lineEnd(text: string, at: number, end: number): number {
  const feed = text.indexOf('\n', at);
  const stop = text.indexOf('\r', at);
  if (feed !== stop + 1 || stop > end) refuse('line');
  return stop;
}

function is(name: string, wanted: string): boolean {
  return name === wanted || name.toLowerCase() === wanted;
}

function valueOf(text: string, colon: number, stop: number): string {
  return text.slice(colon + 1, stop).trim();
}

function refuse(part: string): never {
  throw new InvalidResponseError(`The answer has a malformed ${part}.`);
}
