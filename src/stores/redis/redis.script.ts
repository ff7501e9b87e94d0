import { createHash } from 'node:crypto';

/** A Lua script that Redis runs as one atomic step, known to the server by the SHA-1 of its source. */
export class RedisScript {
  readonly sha1: string;

  /**
   * @param operation what failed when the script fails, for error messages
   * @param isRepeatable whether it may be run again when the answer was lost
   */
  constructor(
    readonly operation: string,
    readonly source: string,
    readonly isRepeatable: boolean,
  ) {
    this.sha1 = createHash('sha1').update(source).digest('hex');
  }
}
