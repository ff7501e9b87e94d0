import type { Connection } from '../contracts/connection.js';
import type { RequestClaims } from '../contracts/request.claims.js';
import { WireLimits } from '../protocol/wire/wire.limits.js';
import { KeyedLock } from '../stores/cache/keyed-lock.js';
import { WireRefusal } from './wire.refusal.js';

/**
 * Whose an id is: a user's, however often they come back; of an anonymous client the connection's, or, where nobody could guess it, its own.
 * The length of a name keeps it apart from what follows.
 */
function keyOf({ userId, connectionId }: Connection, id: string): string {
  if (userId !== null) return `user:${userId.length}:${userId}:${id}`;
  if (id.length >= WireLimits.uniqueIdChars) return `unique:${id}`;
  return `connection:${connectionId.length}:${connectionId}:${id}`;
}

/** Sees to it that what a client asks for twice with one id is done once. */
export class RequestOnce {
  private readonly lock = new KeyedLock();

  /** @param claims answers where ids are remembered */
  constructor(private readonly claims: () => RequestClaims) {}

  /**
   * Does `work` unless a request with this id of this client was taken up before; one that failed was not. Without an id always.
   *
   * @param messageId what the request is to become; `null` for one that nobody takes for done because it was sent before
   * @throws WireRefusal `duplicate`
   */
  async run<Result>(
    connection: Connection,
    id: string | undefined,
    messageId: string | null,
    work: () => Promise<Result>,
  ): Promise<Result> {
    if (id === undefined) return work();
    const key = keyOf(connection, id);
    if (messageId === null) return this.runAs(key, '', work);
    // One that is under way here may fail yet. Of other processes nobody knows: their clients are told that it is done.
    return this.lock.run(key, () => this.runAs(key, messageId, work));
  }

  private async runAs<Result>(key: string, messageId: string, work: () => Promise<Result>): Promise<Result> {
    const claims = this.claims();
    const former = await claims.claim(key, messageId, WireLimits.requestMemoryMs);
    if (former !== null) {
      throw new WireRefusal('duplicate', undefined, former === '' ? {} : { messageId: former });
    }
    try {
      return await work();
    } catch (error) {
      // Should this fail, too, the id stays taken until its time is up.
      await claims.release(key).catch(() => undefined);
      throw error;
    }
  }
}
