import { inTime, LATE, SystemClock, TimeoutError, type Clock } from '../../contracts/clock.js';
import { StoreUnavailableError } from '../../errors/store-unavailable.error.js';
import { isClusterClient, type RedisClient, type ScriptCommands } from './redis.client.js';
import { remedyOf } from './redis.remedy.js';
import type { RedisScript } from './redis.script.js';

/** Gives the client, the same each time, opening it when that was never done or when it was closed. */
export interface RedisClientSource {
  client(): RedisClient | Promise<RedisClient>;
  /** Connects a client that is not open. */
  open(client: RedisClient): Promise<unknown>;
  /** Closes the client, where it was made for the store. */
  close?(): Promise<void>;
}

interface Connectable {
  readonly client: RedisClient;
  readonly commands: ScriptCommands;
  readonly routingKey: string;
}

/** A time without a connection. */
interface Absence {
  readonly since: number;
  /** Ends with the next connection, or with the failure to make one. */
  readonly end: Promise<unknown>;
  /** Why there is none, as the client said. */
  lastError: unknown;
}

/** A set of keys that share a prefix: on a cluster it is a hash tag, so that all of them are in one slot. */
const HASH_TAG = /\{[^}]+\}/;

/** How many times a step is refused for coming late, while its caller still waits, before that is the answer. */
const MAX_REFUSALS = 2;

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
 * A client of `@redis/client` holds commands back while it has no connection, and sends them whenever it has one again: long after the
 * caller was told that they failed. So nothing is handed to a client that is not ready. A connection may also go just before a command is
 * written, the client of a cluster is ready whatever becomes of a node, and a server that hung may wake up; so each step carries the time after
 * which it must do nothing. What comes while a connection is being made waits for it; once that has taken `timeoutMs`, everything fails at
 * once until it is there.
 */
export class ScriptRunner {
  private known: Connectable | undefined;
  private absence: Absence | undefined;
  /** Redis goes by the time of its machine, so the clock that was given is of no use to it. */
  private readonly machine = new SystemClock();
  /** How far the clock of Redis is ahead of this machine's, as far as that was noticed, in ms. */
  private clockLead = 0;

  constructor(
    private readonly source: RedisClientSource,
    private readonly keyPrefix: string,
    private readonly clock: Clock,
    private readonly timeoutMs: number,
  ) {}

  /** @throws StoreUnavailableError */
  async run(script: RedisScript, args: string[]): Promise<unknown> {
    const call: Call = { isOver: false, deadline: this.machine.now() + this.timeoutMs };
    let answer: unknown;
    try {
      answer = await inTime(this.clock, this.timeoutMs, this.perform(script, args, call));
    } catch (cause) {
      throw unavailable(script, cause);
    }
    if (answer !== LATE) return answer;
    call.isOver = true;
    throw unavailable(script, this.absence?.lastError ?? new TimeoutError('Redis', this.timeoutMs));
  }

  async close(): Promise<void> {
    await this.source.close?.();
  }

  private async perform(script: RedisScript, args: string[], call: Call): Promise<unknown> {
    for (let refusals = 0; ; refusals++) {
      const { client, commands, routingKey } = (this.known ??= await this.meet());
      if (!client.isOpen || client.isReady === false) await this.untilReady(client);
      if (call.isOver) return undefined;
      try {
        return await evaluate(commands, script, routingKey, [String(call.deadline + this.clockLead), ...args]);
      } catch (error) {
        const redisTime = timeOfRefusal(error);
        if (redisTime === null || call.isOver || refusals === MAX_REFUSALS) throw error;
        this.clockLead = redisTime - this.machine.now();
      }
    }
  }

  private async meet(): Promise<Connectable> {
    const client = await this.source.client();
    const prefix = isClusterClient(client) && !HASH_TAG.test(this.keyPrefix) ? `{${this.keyPrefix}}` : this.keyPrefix;
    // An application may have told its client to answer with buffers.
    const commands = client.withCommandOptions({ typeMapping: {} });
    return { client, commands, routingKey: `${prefix}connections` };
  }

  private untilReady(client: RedisClient): Promise<unknown> {
    if (this.absence !== undefined) {
      const awayMs = this.clock.now() - this.absence.since;
      if (awayMs < this.timeoutMs) return this.absence.end;
      throw new Error(`The connection to Redis has been gone for ${awayMs} ms.`, { cause: this.absence.lastError });
    }
    let onReady!: () => void;
    const ready = new Promise<void>((resolve) => (onReady = resolve));
    const onError = (error: unknown): void => {
      absence.lastError = error;
    };
    client.once('ready', onReady);
    client.once('error', onError);
    const opening = client.isOpen ? [] : [this.source.open(client)];
    const end = Promise.race<unknown>([ready, ...opening]).finally(() => {
      client.off('ready', onReady);
      client.off('error', onError);
      this.absence = undefined;
    });
    const absence: Absence = { since: this.clock.now(), end, lastError: undefined };
    this.absence = absence;
    return end;
  }
}

function unavailable({ operation }: RedisScript, cause: unknown): StoreUnavailableError {
  return new StoreUnavailableError(operation, { cause, ...remedyOf(cause) });
}

async function evaluate(
  commands: ScriptCommands,
  { sha1, source }: RedisScript,
  routingKey: string,
  args: string[],
): Promise<unknown> {
  const scriptArguments = { keys: [routingKey], arguments: args };
  try {
    return await commands.evalSha(sha1, scriptArguments);
  } catch (error) {
    // A server that was restarted, or was never asked before, does not know the script.
    if (!textOf(error).startsWith('NOSCRIPT')) throw error;
    return commands.eval(source, scriptArguments);
  }
}

/** What time it is for Redis (epoch ms), if it refused a step because that came late; else `null`. */
function timeOfRefusal(error: unknown): number | null {
  const time = /^LATE (\d+)/.exec(textOf(error))?.[1];
  return time === undefined ? null : Number(time);
}

function textOf(error: unknown): string {
  return String((error as Partial<Error> | null)?.message);
}
