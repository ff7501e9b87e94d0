import { createHash } from 'node:crypto';

/** A Lua script that Redis runs as one atomic step, known to the server by the SHA-1 of its source. */
export class RedisScript {
  private hash: string | undefined;

  /**
   * @param operation what failed when the script fails, for error messages
   * @param isRepeatable whether it may be run again when the answer was lost
   */
  constructor(
    readonly operation: string,
    readonly source: string,
    readonly isRepeatable: boolean,
  ) {}

  // There are dozens of scripts, and a process that starts calls none or few of them.
  get sha1(): string {
    return (this.hash ??= createHash('sha1').update(this.source).digest('hex'));
  }
}
