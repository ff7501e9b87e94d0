import type { LogCode } from './log.codes.js';
import type { Log } from './log.js';

const TELL_EVERY_MS = 10_000;

/** Tells of an outage of the store. While it lasts everything fails alike: one in a while is told, with how many were not. */
export class OutageLog {
  private toldAt = -Infinity;
  private untold = 0;

  /** @param what what could not be done, e.g. `An event could not be handled` */
  constructor(
    private readonly log: Log,
    private readonly clock: { now(): number },
    private readonly code: LogCode,
    private readonly what: string,
  ) {}

  tell(error: unknown, connectionId: string | undefined): void {
    const now = this.clock.now();
    if (now - this.toldAt < TELL_EVERY_MS) {
      this.untold++;
      return;
    }
    const others = this.untold === 0 ? '' : ` Nor could ${this.untold} others since the last such message.`;
    this.log.error(this.code, `${this.what}.${others}`, { connectionId, error });
    this.toldAt = now;
    this.untold = 0;
  }
}
