import type { HistoryBounds, HistoryMessage, StreamPosition } from '../../contracts/channel.history.js';

interface Kept extends HistoryMessage {
  /** When it came (epoch ms); not before the one in front of it. */
  readonly at: number;
}

/** The numbered messages of one channel. */
export class MemoryStream {
  private messages: Kept[] = [];
  /** Where in the list those begin that are kept: taking one off the front of a list moves all others. */
  private start = 0;
  private offset = 0;
  private at = 0;
  private maxAgeMs = 0;
  private until = 0;

  /** @param memoryMs how long it is remembered after its last message was forgotten */
  constructor(
    private readonly epoch: string,
    private readonly memoryMs: number,
  ) {}

  get position(): StreamPosition {
    const { epoch, offset } = this;
    return { epoch, offset };
  }

  append(message: string, { maxMessages, maxAgeMs }: HistoryBounds, now: number): void {
    // A clock that was set back does not make a message older than the one before it.
    this.at = Math.max(this.at, now);
    this.maxAgeMs = maxAgeMs;
    this.until = now + maxAgeMs + this.memoryMs;
    this.messages.push({ offset: ++this.offset, message, at: this.at });
    this.start = Math.max(this.start, this.messages.length - maxMessages);
    this.forget(now);
  }

  /** At most so many of the last messages, all of which came after `instant`. */
  last(limit: number, instant: number): HistoryMessage[] {
    const found = this.messages.slice(Math.max(this.start, this.messages.length - limit));
    return found.filter(({ at }) => at > instant).map(({ offset, message }) => ({ offset, message }));
  }

  /** Forgets the messages that are too old; whether the stream itself is. */
  expire(now: number): boolean {
    this.forget(now);
    return this.until <= now;
  }

  private forget(now: number): void {
    const { messages } = this;
    while (this.start < messages.length && (messages[this.start]?.at ?? 0) + this.maxAgeMs <= now) this.start++;
    if (this.start * 2 < messages.length) return;
    this.messages = messages.slice(this.start);
    this.start = 0;
  }
}
