import { inTime, LATE, type Clock } from '../../contracts/clock.js';
import { StoreUnavailableError } from '../../errors/store-unavailable.error.js';
import { isClusterClient, type RedisClient } from './redis.client.js';
import type { RedisScript } from './redis.script.js';

/** Gives the client, the same each time, opening it when that was never done or when it was closed. */
export interface RedisClientSource {
  client(): RedisClient | Promise<RedisClient>;
  /** Connects a client that is not open. */
  open(client: RedisClient): Promise<unknown>;
  /** Closes the client, where it was made for the store. */
  close?(): Promise<void>;
}

/** A set of keys that share a prefix: on a cluster it is a hash tag, so that all of them are in one slot. */
const HASH_TAG = /\{[^}]+\}/;

/**
 * Runs scripts and turns every failure into `StoreUnavailableError` within `timeoutMs`.
 *
 * A client of `@redis/client` holds commands back while it has no connection, and sends them whenever it has one again: long after the
 * caller was told that they failed. So nothing is handed to a client that is not ready. What comes while a connection is being made waits for
 * it; once that has taken `timeoutMs`, everything fails at once until it is there.
 */
export class ScriptRunner {
  private known: { readonly client: RedisClient; readonly routingKey: string } | undefined;
  private absence: { readonly since: number; readonly end: Promise<unknown> } | undefined;

  constructor(
    private readonly source: RedisClientSource,
    private readonly keyPrefix: string,
    private readonly clock: Clock,
    private readonly timeoutMs: number,
  ) {}

  /** @throws StoreUnavailableError */
  async run(script: RedisScript, args: string[]): Promise<unknown> {
    const call = { isLate: false };
    let answer: unknown;
    try {
      answer = await inTime(this.clock, this.timeoutMs, this.perform(script, args, call));
    } catch (cause) {
      throw new StoreUnavailableError(script.operation, { cause });
    }
    if (answer !== LATE) return answer;
    call.isLate = true;
    const cause = new Error(`Redis did not answer within ${this.timeoutMs} ms.`);
    throw new StoreUnavailableError(script.operation, { cause });
  }

  async close(): Promise<void> {
    await this.source.close?.();
  }

  private async perform(script: RedisScript, args: string[], call: { readonly isLate: boolean }): Promise<unknown> {
    const { client, routingKey } = (this.known ??= await this.meet());
    if (!client.isOpen || client.isReady === false) await this.untilReady(client);
    if (call.isLate) return undefined;
    const scriptArguments = { keys: [routingKey], arguments: args };
    try {
      return await client.evalSha(script.sha1, scriptArguments);
    } catch (error) {
      // A server that was restarted, or was never asked before, does not know the script.
      if (!isUnknownScript(error)) throw error;
      return client.eval(script.source, scriptArguments);
    }
  }

  private async meet(): Promise<{ client: RedisClient; routingKey: string }> {
    const client = await this.source.client();
    const prefix = isClusterClient(client) && !HASH_TAG.test(this.keyPrefix) ? `{${this.keyPrefix}}` : this.keyPrefix;
    return { client, routingKey: `${prefix}connections` };
  }

  private untilReady(client: RedisClient): Promise<unknown> {
    const { absence } = this;
    if (absence !== undefined) {
      const awayMs = this.clock.now() - absence.since;
      if (awayMs >= this.timeoutMs) throw new Error(`The connection to Redis has been gone for ${awayMs} ms.`);
      return absence.end;
    }
    let onReady!: () => void;
    const ready = new Promise<void>((resolve) => (onReady = resolve));
    client.once('ready', onReady);
    const opening = client.isOpen ? [] : [this.source.open(client)];
    const end = Promise.race<unknown>([ready, ...opening]).finally(() => {
      client.off('ready', onReady);
      this.absence = undefined;
    });
    this.absence = { since: this.clock.now(), end };
    return end;
  }
}

function isUnknownScript(error: unknown): boolean {
  return String((error as Partial<Error> | null)?.message).startsWith('NOSCRIPT');
}
