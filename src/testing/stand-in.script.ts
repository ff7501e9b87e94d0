import { setTimeout } from 'node:timers/promises';
import type { IncomingHttpHeaders } from 'node:http';

/** A request to `@connections`, as the stand-in got it. */
export interface StandInRequest {
  readonly method: string;
  readonly connectionId: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** How one request is answered. */
export interface StandInAnswer {
  /** @default what it would have been without this */
  readonly status?: number;
  /** Sent as `x-amzn-ErrorType`. @default the name that API Gateway gives an error of this status */
  readonly errorType?: string;
  /** @default empty */
  readonly body?: string;
  /** How long the answer takes, in milliseconds. @default 0 */
  readonly delayMs?: number;
}

/** An answer, its status alone, `never` for no answer, or `dropped` for a connection that is reset. */
export type StandInReply = StandInAnswer | number | 'never' | 'dropped';

/** Decides how a request is answered; `undefined` for as usual. */
export type DecideReply = (request: StandInRequest) => StandInReply | undefined;

const ERROR_TYPES: Readonly<Record<number, string>> = Object.freeze({
  400: 'BadRequestException',
  403: 'ForbiddenException',
  410: 'GoneException',
  413: 'PayloadTooLargeException',
  429: 'LimitExceededException',
  500: 'InternalServerErrorException',
});

/** The name that API Gateway gives an error; `undefined` for what is none. */
export function errorTypeOf(status: number): string | undefined {
  return ERROR_TYPES[status];
}

/** What is to go wrong, and when. */
export class StandInScript {
  private readonly next: StandInReply[] = [];
  private readonly ended = new AbortController();
  private readonly failures: unknown[] = [];
  private decide: DecideReply = () => undefined;

  add(replies: readonly StandInReply[]): void {
    this.next.push(...replies);
  }

  decideWith(decide: DecideReply): void {
    this.decide = decide;
  }

  /** Resolves when it is time for the answer; `null` where nothing is scripted. Rejects when the stand-in stops before. */
  async replyTo(request: StandInRequest): Promise<StandInAnswer | 'never' | 'dropped' | null> {
    const reply = this.next.shift() ?? this.decided(request);
    if (reply === undefined) return null;
    if (typeof reply === 'string') return reply;
    if (typeof reply === 'number') return { status: reply };
    const { delayMs = 0 } = reply;
    if (delayMs > 0) await setTimeout(delayMs, undefined, { signal: this.ended.signal });
    return reply;
  }

  end(): void {
    this.ended.abort();
  }

  /** @throws the first that a deciding function threw, once: the requests that it was asked about were cut off, and nothing else would tell of it */
  throwFailure(): void {
    const failures = this.failures.splice(0);
    if (failures.length > 0) throw failures[0];
  }

  private decided(request: StandInRequest): StandInReply | undefined {
    try {
      const reply: unknown = this.decide(request);
      if (reply instanceof Promise)
        throw new TypeError('A function of answerWith decides at once: it returned a promise.');
      return reply as StandInReply | undefined;
    } catch (error) {
      this.failures.push(error);
      throw error;
    }
  }
}
