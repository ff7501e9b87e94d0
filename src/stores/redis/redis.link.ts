import { SystemClock } from '../../contracts/clock.js';
import { hearErrorsOf } from './client.errors.js';
import { hasSlots, type RedisStoreClient, type ScriptCommands } from './redis.client.js';

/** Where the client comes from. It is asked again and again: an application may replace its client. */
export interface RedisClientSource {
  client(): RedisStoreClient | Promise<RedisStoreClient>;
  /** Connects a client that is not open. */
  open(client: RedisStoreClient): Promise<unknown>;
  /** Drops the connection, where the client was made for the store, so that the next one goes to whichever server has the address now. */
  drop?(): void;
  /** Closes the client, where it was made for the store. */
  close?(): Promise<void>;
}

/** A client that can be asked now. */
export interface ReadyClient {
  readonly client: RedisStoreClient;
  readonly commands: ScriptCommands;
}

/** How often a client that is not ready is looked at: clients of one server, of a cluster and of Sentinel tell it by different events, or by none. */
const LOOK_EVERY_MS = 10;

/** How long after a failure a client is opened again at the earliest. */
const REOPEN_AFTER_MS = 100;

/** How long after a connection was dropped the next one is. */
const DROP_AGAIN_AFTER_MS = 1_000;

/**
 * Gives the client while it is ready, and nothing else: a client of `@redis/client` holds commands back while it has no connection, and sends
 * them whenever it has one again. Who comes while a connection is being made waits for it; once that has taken `timeoutMs`, everyone is refused at
 * once until it is there. By the time of the machine, whatever clock the store was given: a server is waited for.
 */
export class RedisLink {
  private readonly machine = new SystemClock();
  private ready: ReadyClient | undefined;
  private heard: { readonly client: RedisStoreClient; readonly stop: () => void } | undefined;
  private awaySince: number | undefined;
  private lastError: unknown;
  private waiting: Promise<void> | undefined;
  private opening: Promise<void> | undefined;
  private mayReopenAt = 0;
  private mayDropAt = 0;
  private isClosed = false;
  /** Stays on the client: one that nobody listens to throws out of its own attempt to reconnect, and never tries again. */
  private readonly onError = (error: unknown): void => {
    this.lastError = error;
  };

  constructor(
    private readonly source: RedisClientSource,
    private readonly timeoutMs: number,
  ) {}

  /** Why nothing can be asked; `undefined` while there is a connection. */
  get absence(): Error | undefined {
    return this.awaySince === undefined ? undefined : this.goneSince(this.awaySince);
  }

  /** @throws when there is no connection, after waiting for one that has only just gone */
  async readyClient(): Promise<ReadyClient> {
    for (;;) {
      if (this.isClosed) throw new Error('The store is closed.');
      const client = await this.source.client();
      this.listenTo(client);
      if (isReady(client)) {
        this.awaySince = undefined;
        this.lastError = undefined;
        return this.commandsOf(client);
      }
      const now = this.machine.now();
      this.awaySince ??= now;
      if (!client.isOpen) this.open(client, now);
      if (now - this.awaySince >= this.timeoutMs) throw this.goneSince(this.awaySince);
      this.waiting ??= this.look(client, now).finally(() => (this.waiting = undefined));
      await this.waiting;
    }
  }

  /**
   * Leaves a server that refuses to write: after a failover it is a replica of the one that has its address now. Tells whether it is worth
   * asking again, which it is not with a client of the application's own: that is left alone.
   */
  leaveReplica(): boolean {
    if (this.source.drop === undefined || this.isClosed) return false;
    const now = this.machine.now();
    // Many are refused at once, and the first of them has left.
    if (now >= this.mayDropAt) {
      this.mayDropAt = now + DROP_AGAIN_AFTER_MS;
      this.source.drop();
    }
    return true;
  }

  async close(): Promise<void> {
    this.isClosed = true;
    this.heard?.stop();
    await this.source.close?.();
  }

  private commandsOf(client: RedisStoreClient): ReadyClient {
    if (this.ready?.client !== client) {
      // An application may have told its client to answer with buffers.
      this.ready = { client, commands: client.withCommandOptions({ typeMapping: {} }) };
    }
    return this.ready;
  }

  private goneSince(instant: number): Error {
    const awayMs = this.machine.now() - instant;
    return new Error(`The connection to Redis has been gone for ${awayMs} ms.`, { cause: this.lastError });
  }

  private listenTo(client: RedisStoreClient): void {
    if (this.heard?.client === client) return;
    this.heard?.stop();
    this.heard = { client, stop: hearErrorsOf(client, this.onError) };
  }

  private open(client: RedisStoreClient, now: number): void {
    if (this.opening !== undefined || now < this.mayReopenAt) return;
    this.opening = Promise.resolve(this.source.open(client))
      .then(
        () => undefined,
        (error: unknown) => {
          this.lastError = error;
          this.mayReopenAt = this.machine.now() + REOPEN_AFTER_MS;
        },
      )
      .finally(() => (this.opening = undefined));
  }

  /** Resolves when it is worth looking again: the client is ready or was closed, or time is up. */
  private async look(client: RedisStoreClient, since: number): Promise<void> {
    const wasOpen = client.isOpen;
    do await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
    while (!isReady(client) && client.isOpen === wasOpen && this.machine.now() - since < this.timeoutMs);
  }
}

/** Whether a command would be sent at once. The client of a cluster is open before it knows its nodes, and does not say when it does. */
function isReady(client: RedisStoreClient): boolean {
  if (!client.isOpen) return false;
  if (hasSlots(client)) return client.slots[0] !== undefined;
  return client.isReady !== false;
}
