import type { Clock } from '../../contracts/clock.js';
import { RequestClaims } from '../../contracts/request.claims.js';
import type { DynamoDbTable } from './dynamodb.table.js';
import { secondsOf } from './lifetime.js';
import type { TableKeys } from './table.keys.js';
import { randomToken } from '../random.token.js';

/** Requests that were taken up, in the table of a store: an item for each, in a partition of its own. */
export class DynamoDbRequestClaims extends RequestClaims {
  constructor(
    private readonly table: DynamoDbTable,
    private readonly keys: TableKeys,
    private readonly clock: Clock,
  ) {
    super();
  }

  claim(key: string, value: string, ttlMs: number): Promise<string | null> {
    const token = randomToken();
    const place = this.keys.claim(key);
    return this.table.run('claim a request', async (requests) => {
      for (;;) {
        const now = this.clock.now();
        const expiresAt = now + ttlMs;
        const item = { ...place, value, token, expiresAt, ttl: secondsOf(expiresAt) };
        const isFree = 'attribute_not_exists(#pk) OR #expiresAt <= :now';
        if (await requests.put(item, isFree, { values: { now } })) return null;
        const stored = await requests.get(place);
        // Refused by its own first attempt, whose answer was lost.
        if (stored?.['token'] === token) return null;
        if (stored !== undefined && Number(stored['expiresAt']) > this.clock.now()) return stored['value'] as string;
      }
    });
  }

  async release(key: string): Promise<void> {
    await this.table.run('release a request', (requests) =>
      requests.delete(this.keys.claim(key), 'attribute_exists(#pk)', {}),
    );
  }
}
