import { randomUUID } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { useDynamoDb } from '../support/dynamodb.subject.js';
import { broadcastLedgerContract } from './ledger.contract.js';

/** As long as those of workers. */
const TOKEN = 'BFHPhfCWIAMC';

const COUNTS = { delivered: 3, gone: 1, throttled: 0, failed: 0 };

describe('broadcasts in DynamoDB', () => {
  const subject = useDynamoDb();

  broadcastLedgerContract('DynamoDbBroadcastLedger', () => ({
    clock: subject.clock,
    ledgers: [subject.store().broadcasts(), subject.store().broadcasts()],
  }));

  it('count a shard once when the answer was lost, and tell its worker that it is counted', async () => {
    const ledger = subject.store().broadcasts();
    const broadcastId = randomUUID();
    await ledger.open(broadcastId);
    let isLost = false;
    subject.interceptor = async (command, perform) => {
      const answer = await perform();
      // The SDK of a caller that got no answer sends the same write again.
      if (command === 'UpdateItem' && !isLost) {
        isLost = true;
        return perform();
      }
      return answer;
    };
    expect(await ledger.settle({ broadcastId, shard: 0, token: 'a' }, COUNTS)).toBe(true);
    expect(isLost).toBe(true);
    expect(await ledger.report(broadcastId)).toMatchObject({ shardsDone: 1, ...COUNTS });
  });

  it('take one write to claim a shard and one to settle it, of one unit each', async () => {
    const ledger = subject.store().broadcasts();
    const broadcastId = randomUUID();
    for (let shard = 0; shard < 19; shard++) {
      const claim = { broadcastId, shard, token: TOKEN };
      await ledger.claim(claim, 30_000);
      await ledger.settle(claim, COUNTS);
    }
    const commands: string[] = [];
    const units: number[] = [];
    subject.interceptor = async (command, perform, input) => {
      Object.assign(input, { ReturnConsumedCapacity: 'TOTAL' });
      commands.push(command);
      const answer = (await perform()) as { output: { ConsumedCapacity: { CapacityUnits: number } } };
      units.push(answer.output.ConsumedCapacity.CapacityUnits);
      return answer;
    };
    const last = { broadcastId, shard: 19, token: TOKEN };
    await ledger.claim(last, 30_000);
    await ledger.settle(last, COUNTS);
    expect(commands).toEqual(['UpdateItem', 'UpdateItem']);
    expect(units).toEqual([1, 1]);
  });

  it('have a time to live of a day', async () => {
    const ledger = subject.store().broadcasts();
    const broadcastId = randomUUID();
    await ledger.open(broadcastId);
    await ledger.claim({ broadcastId, shard: 0, token: 'a' }, 1_000);
    await ledger.settle({ broadcastId, shard: 0, token: 'a' }, COUNTS);
    const items = await subject.items('broadcasts');
    const ttl = String(Math.ceil((subject.clock.now() + 86_400_000) / 1_000));
    expect(items.map(({ ttl: found }) => found?.N)).toEqual([ttl, ttl]);
  });
});
