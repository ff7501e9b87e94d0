import type { ConnectionStore } from '../contracts/connection.store.js';
import { normalizeUserId, type UserId } from '../protocol/name.js';
import type { SendMethod } from './broadcast.request.js';
import { forEachAtMost } from './concurrency.gate.js';
import { emptyMap, type MessageSender } from './message.sender.js';

/** Whether each connection of each user was sent to. Neither map has a prototype. */
export type ResultsByUser = Record<string, Record<string, boolean>>;

/** Sends to users, and says what became of it for each of them. */
export class UserSender {
  constructor(
    private readonly store: ConnectionStore,
    private readonly sender: MessageSender,
    private readonly maxAtOnce: number,
  ) {}

  /** The connections of a user; none for what cannot be a user's id. */
  async connectionsOf(userId: UserId): Promise<string[]> {
    const id = normalizeUserId(userId);
    return id === null ? [] : this.store.connectionsOfUser(id);
  }

  /**
   * Sends `data`, as JSON, to every connection of these users.
   *
   * @param method what the application called
   * @throws PayloadTooLargeError, InvalidPayloadError, StoreUnavailableError
   */
  async send(userIds: readonly UserId[], data: unknown, method: SendMethod): Promise<ResultsByUser> {
    const found = new Map<string, readonly string[]>();
    const lookUp = (): Promise<void> =>
      forEachAtMost(this.maxAtOnce, userIds, async (userId) => {
        found.set(String(userId), await this.connectionsOf(userId));
      });
    const known = userIds.map(normalizeUserId).filter((userId) => userId !== null);
    const delivered = await this.sender.send(
      {
        recipients: valuesAfter(lookUp, found),
        locally: (local) => known.map((userId) => local.ofUser(userId)),
        target: { method, userIds },
      },
      data,
    );
    const results = emptyMap<Record<string, boolean>>();
    for (const [userId, connectionIds] of found) {
      const ofUser = (results[userId] = emptyMap<boolean>());
      for (const connectionId of connectionIds) ofUser[connectionId] = delivered[connectionId] === true;
    }
    return results;
  }
}

async function* valuesAfter<Value>(work: () => Promise<void>, map: ReadonlyMap<string, Value>): AsyncGenerator<Value> {
  await work();
  yield* map.values();
}
