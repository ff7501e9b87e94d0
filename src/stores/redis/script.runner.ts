import { inTime, LATE, SystemClock, TimeoutError, type Clock } from '../../contracts/clock.js';
import { StoreUnavailableError } from '../../errors/store-unavailable.error.js';
import { hasSlots, type RedisStoreClient, type ScriptCommands } from './redis.client.js';
import { RedisLink, type RedisClientSource } from './redis.link.js';
import { remedyOf } from './redis.remedy.js';
import type { RedisScript } from './redis.script.js';

/** What makes keys share a slot: whatever is within the first braces, unless that is nothing (Redis Cluster specification, "Hash tags"). */
const HASH_TAG = /^[^{]*\{[^}]+\}/;

/** How many times a step is tried again: it came too late for a clock that is ahead, or the connection went before the answer came. */
const MAX_REPEATS = 2;

/** How long a call waits for another one that sends the same script. */
const LEARNING_MS = 200;

/** One call on its way to Redis. */
interface Call {
  /** The caller was told that it failed. */
  isOver: boolean;
  /** When it will be, by the clock of this machine (epoch ms). */
  readonly deadline: number;
}

/**
 * Runs scripts and turns every failure into `StoreUnavailableError` within `timeoutMs`.
 *
 * A step must not happen after its caller was told that it failed. But a connection may go just before a command is written, the client of a
 * cluster is ready whatever becomes of a node, and a server that hung may wake up. So each step carries the time after which it must do nothing.
 */
export class ScriptRunner {
  private readonly link: RedisLink;
  /** Redis goes by the time of its machine, so the clock that was given is of no use to it. */
  private readonly machine = new SystemClock();
  /** Scripts that Redis is being told, by digest. */
  private readonly learning = new Map<string, Promise<unknown>>();
  /** How far the clock of Redis is ahead of this machine's, as far as that was noticed, in ms. */
  private clockLead = 0;

  constructor(
    source: RedisClientSource,
    private readonly keyPrefix: string,
    private readonly clock: Clock,
    private readonly timeoutMs: number,
  ) {
    this.link = new RedisLink(source, timeoutMs);
  }

  /** @throws StoreUnavailableError */
  async run(script: RedisScript, args: (string | Buffer)[]): Promise<unknown> {
    const call: Call = { isOver: false, deadline: this.machine.now() + this.timeoutMs };
    let answer: unknown;
    try {
      answer = await inTime(this.clock, this.timeoutMs, this.perform(script, args, call));
    } catch (cause) {
      throw unavailable(script, cause);
    }
    if (answer !== LATE) return answer;
    call.isOver = true;
    throw unavailable(script, this.link.absence ?? new TimeoutError('Redis', this.timeoutMs));
  }

  close(): Promise<void> {
    return this.link.close();
  }

  private async perform(script: RedisScript, args: (string | Buffer)[], call: Call): Promise<unknown> {
    let isRepeat = false;
    for (let repeats = 0; ; repeats++) {
      const { client, commands } = await this.link.readyClient();
      if (call.isOver) return undefined;
      const routingKey = `${this.prefixFor(client)}connections`;
      try {
        const deadline = String(call.deadline + this.clockLead);
        return await this.evaluate(commands, script, routingKey, [deadline, isRepeat ? '1' : '', ...args]);
      } catch (error) {
        if (call.isOver || repeats === MAX_REPEATS) throw error;
        const redisTime = timeOfRefusal(error);
        if (redisTime !== null) this.clockLead = redisTime - this.machine.now();
        else if (isReadOnly(error)) {
          if (!this.link.leaveReplica()) throw error;
        }
        // A server that closes idle connections does so while the process sleeps. What was asked may have happened.
        else if (isReply(error) || !script.isRepeatable) throw error;
        else isRepeat = true;
      }
    }
  }

  private async evaluate(
    commands: ScriptCommands,
    { sha1, source }: RedisScript,
    routingKey: string,
    args: (string | Buffer)[],
  ): Promise<unknown> {
    const scriptArguments = { keys: [routingKey], arguments: args };
    const byDigest = (): Promise<unknown> => commands.evalSha(sha1, scriptArguments);
    try {
      return await byDigest();
    } catch (error) {
      // A server that was restarted, or was never asked before, does not know the script.
      if (!isUnknownScript(error)) throw error;
    }
    const learning = this.learning.get(sha1);
    if (learning !== undefined) {
      // Of the many who find that out at once only the first one sends the source; that may go to a server that is no more.
      await inTime(this.clock, LEARNING_MS, learning).catch(() => undefined);
      try {
        return await byDigest();
      } catch (error) {
        if (!isUnknownScript(error)) throw error;
      }
    }
    return this.teach(sha1, commands.eval(source, scriptArguments));
  }

  private teach(sha1: string, answer: Promise<unknown>): Promise<unknown> {
    this.learning.set(sha1, answer);
    const forget = (): void => {
      if (this.learning.get(sha1) === answer) this.learning.delete(sha1);
    };
    answer.then(forget, forget);
    return answer;
  }

  /** On a cluster the prefix is a hash tag, so that all keys are in one slot. */
  prefixFor(client: RedisStoreClient): string {
    return hasSlots(client) && !HASH_TAG.test(this.keyPrefix) ? `{${this.keyPrefix}}` : this.keyPrefix;
  }
}

function unavailable({ operation }: RedisScript, cause: unknown): StoreUnavailableError {
  return new StoreUnavailableError(operation, { cause, ...remedyOf(cause) });
}

function isUnknownScript(error: unknown): boolean {
  return textOf(error).startsWith('NOSCRIPT');
}

/** What time it is for Redis (epoch ms), if it refused a step because that came late; else `null`. */
function timeOfRefusal(error: unknown): number | null {
  const time = /^LATE (\d+)/.exec(textOf(error))?.[1];
  return time === undefined ? null : Number(time);
}

/** Whether this is a replica. Before Redis 7 the word stands behind the script's name. */
function isReadOnly(error: unknown): boolean {
  return /\bREADONLY\b/.test(textOf(error));
}

/** Whether Redis said so. Its errors start with a word in capitals; those of the client and of sockets do not. */
function isReply(error: unknown): boolean {
  return /^[A-Z]{2,}\b/.test(textOf(error));
}

function textOf(error: unknown): string {
  return String((error as Partial<Error> | null)?.message);
}
