import type { DynamoDbSubject } from './dynamodb.subject.js';

/** What an operation of a store on DynamoDB is charged. */
export interface Cost {
  requests: number;
  readUnits: number;
  writeUnits: number;
}

const IS_WRITE = /^(Put|Update|Delete)Item$/;

/** Runs an operation, and counts its requests and their units. */
export async function costOf(subject: DynamoDbSubject, run: () => Promise<unknown>): Promise<Cost> {
  const cost: Cost = { requests: 0, readUnits: 0, writeUnits: 0 };
  subject.interceptor = async (command, perform, input) => {
    Object.assign(input, { ReturnConsumedCapacity: 'TOTAL' });
    cost.requests++;
    const units = (answer: unknown): number => {
      const { ConsumedCapacity } = (answer as { output: { ConsumedCapacity?: unknown } }).output;
      const all = [ConsumedCapacity ?? []].flat() as { CapacityUnits: number }[];
      // Where there is nothing to read dynalite charges nothing, and AWS one unit all the same.
      return Math.max(1, ...all.map(({ CapacityUnits }) => CapacityUnits));
    };
    try {
      const answer = await perform();
      cost[IS_WRITE.test(command) ? 'writeUnits' : 'readUnits'] += units(answer);
      return answer;
    } catch (error) {
      // A write that is refused costs like one that is not.
      cost.writeUnits++;
      throw error;
    }
  };
  await run();
  subject.interceptor = null;
  return cost;
}
