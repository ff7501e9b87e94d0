import { describe } from '@jest/globals';
import { useDynamoDb } from '../support/dynamodb.subject.js';
import { ledgersContract } from './ledgers.contract.js';

describe('the ledgers of channels in DynamoDB', () => {
  const subject = useDynamoDb();

  ledgersContract(
    'DynamoDbConnectionStore',
    async () => {
      subject.reset();
      const options = { expireAfterSeconds: 90_000 };
      const [store, other] = [subject.store(options), subject.store(options)];
      return {
        store,
        other,
        clock: subject.clock,
        stop: async () => {
          await Promise.all([store.close(), other.close()]);
        },
      };
    },
    { callers: 40, histories: 20, members: 400 },
  );
});
