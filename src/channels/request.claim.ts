import type { Connection } from '../contracts/connection.js';
import type { RequestClaims } from '../contracts/request.claims.js';
import { WireLimits } from '../protocol/wire/wire.limits.js';
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
  /** @param claims answers where ids are remembered */
  constructor(private readonly claims: () => RequestClaims) {}

  /**
   * Does `work` unless a request with this id of this client was taken up before; one that failed was not. Without an id always.
   *
   * @param messageId what the request is to become
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
    const claims = this.claims();
    const former = await claims.claim(key, messageId ?? '', WireLimits.requestMemoryMs);
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
