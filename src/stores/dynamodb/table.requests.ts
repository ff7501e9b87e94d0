import type * as Sdk from '@aws-sdk/client-dynamodb';
import { toAttributes, toFields, type Fields } from './attribute.values.js';
import type { DynamoDbClient } from './dynamodb.client.js';
import { placeholdersOf, type Placeholders } from './expression.js';
import { pause } from './pause.js';

/** The primary key of an item. */
export interface ItemKey {
  readonly pk: string;
  readonly sk: string;
}

/** What a write is to change, and when it may. */
export interface Change extends Placeholders {
  readonly update: string;
  readonly condition?: string;
}

/** What to read of the items of a partition. */
export interface PartitionQuery extends Placeholders {
  readonly projection?: string;
  readonly filter?: string;
  /** The first and the last sort key to look at. @default all */
  readonly range?: readonly [first: string, last: string];
  /** Looks at the last item first. */
  readonly isDescending?: boolean;
  /** How many items to look at, at most. @default as many as come to 1 MB */
  readonly limit?: number;
  /** Counts the items instead of returning them. */
  readonly isCount?: boolean;
}

/** A part of the items of a partition, and where the next one starts. */
export interface PartitionPage {
  readonly items: readonly Fields[];
  readonly count: number;
  readonly next: ItemKey | undefined;
}

/** The most keys that one BatchGetItem takes. */
const BATCH_SIZE = 100;

/** How many BatchGetItem of one operation are under way at once. */
const BATCHES_AT_ONCE = 10;

/**
 * The requests of one operation. All reads are strongly consistent. A write whose condition does not hold is answered by `false` or `null`;
 * anything else that goes wrong rejects. None is sent any more once the operation was given up.
 */
export class TableRequests {
  constructor(
    private readonly sdk: typeof Sdk,
    private readonly client: DynamoDbClient,
    private readonly tableName: string,
    readonly signal: AbortSignal,
  ) {}

  async get(key: ItemKey): Promise<Fields | undefined> {
    const input = { TableName: this.tableName, Key: toAttributes({ ...key }), ConsistentRead: true };
    const { Item } = (await this.send(new this.sdk.GetItemCommand(input))) as Sdk.GetItemCommandOutput;
    return Item === undefined ? undefined : toFields(Item);
  }

  /** Replaces an item, if it meets the condition as it stands. */
  async put(item: ItemKey & Fields, condition: string, placeholders: Placeholders): Promise<boolean> {
    const command = new this.sdk.PutItemCommand({
      TableName: this.tableName,
      Item: toAttributes(item),
      ConditionExpression: condition,
      ...placeholdersOf(placeholders, condition),
    });
    return (await this.sendIf(command)) !== null;
  }

  /** Changes an item, creating it if there is none and the condition allows that. Resolves what it was before. */
  async update(key: ItemKey, { update, condition, ...placeholders }: Change): Promise<Fields | null> {
    const command = new this.sdk.UpdateItemCommand({
      TableName: this.tableName,
      Key: toAttributes({ ...key }),
      UpdateExpression: update,
      ...(condition !== undefined && { ConditionExpression: condition }),
      ...placeholdersOf(placeholders, update, condition),
      ReturnValues: 'ALL_OLD',
    });
    const output = (await this.sendIf(command)) as Sdk.UpdateItemCommandOutput | null;
    return output === null ? null : toFields(output.Attributes ?? {});
  }

  async delete(key: ItemKey, condition: string, placeholders: Placeholders): Promise<boolean> {
    const command = new this.sdk.DeleteItemCommand({
      TableName: this.tableName,
      Key: toAttributes({ ...key }),
      ConditionExpression: condition,
      ...placeholdersOf(placeholders, condition),
    });
    return (await this.sendIf(command)) !== null;
  }

  async query(partition: string, query: PartitionQuery, start: ItemKey | undefined): Promise<PartitionPage> {
    const { projection, filter, range, limit, isCount = false, isDescending = false, values, names = {} } = query;
    const condition = range === undefined ? '#pk = :pk' : '#pk = :pk AND #sk BETWEEN :first AND :last';
    const command = new this.sdk.QueryCommand({
      TableName: this.tableName,
      ConsistentRead: true,
      KeyConditionExpression: condition,
      ...(isCount && { Select: 'COUNT' }),
      ...(isDescending && { ScanIndexForward: false }),
      ...(projection !== undefined && { ProjectionExpression: projection }),
      ...(filter !== undefined && { FilterExpression: filter }),
      ...(limit !== undefined && { Limit: limit }),
      ...(start !== undefined && { ExclusiveStartKey: toAttributes({ ...start }) }),
      ...placeholdersOf(
        { names, values: { ...values, pk: partition, first: range?.[0], last: range?.[1] } },
        condition,
        projection,
        filter,
      ),
    });
    const { Items = [], Count = 0, LastEvaluatedKey } = (await this.send(command)) as Sdk.QueryCommandOutput;
    const next = LastEvaluatedKey === undefined ? undefined : (toFields(LastEvaluatedKey) as Fields & ItemKey);
    return { items: Items.map(toFields), count: Count, next };
  }

  /** Those of the items that there are, in any order. No key may be given twice. */
  async getMany(keys: readonly ItemKey[], projection?: string, names: Placeholders['names'] = {}): Promise<Fields[]> {
    const found: Fields[] = [];
    const batches: ItemKey[][] = [];
    for (let start = 0; start < keys.length; start += BATCH_SIZE) batches.push(keys.slice(start, start + BATCH_SIZE));
    const takeTurns = async (): Promise<void> => {
      for (let batch = batches.pop(); batch !== undefined; batch = batches.pop()) {
        for (const item of await this.getBatch(batch, projection, names)) found.push(item);
      }
    };
    await Promise.all(Array.from({ length: Math.min(BATCHES_AT_ONCE, batches.length) }, takeTurns));
    return found;
  }

  private async getBatch(
    keys: readonly ItemKey[],
    projection: string | undefined,
    names: Placeholders['names'] = {},
  ): Promise<Fields[]> {
    const found: Fields[] = [];
    let asked: Record<string, Sdk.KeysAndAttributes> = {
      [this.tableName]: {
        Keys: keys.map((key) => toAttributes({ ...key })),
        ConsistentRead: true,
        ...(projection !== undefined && { ProjectionExpression: projection }),
        ...placeholdersOf({ names }, projection),
      },
    };
    for (let attempt = 0; ; attempt++) {
      const command = new this.sdk.BatchGetItemCommand({ RequestItems: asked });
      const answer = (await this.send(command)) as Sdk.BatchGetItemCommandOutput;
      for (const item of answer.Responses?.[this.tableName] ?? []) found.push(toFields(item));
      // More than 16 MB, or more than the table's throughput: the rest is asked for again.
      asked = answer.UnprocessedKeys ?? {};
      if (Object.keys(asked).length === 0) return found;
      await pause(attempt, this.signal);
    }
  }

  /** Sends a write; `null` when its condition does not hold. */
  private async sendIf(command: object): Promise<object | null> {
    try {
      return (await this.send(command)) as object;
    } catch (error) {
      if (error instanceof Error && error.name === 'ConditionalCheckFailedException') return null;
      throw error;
    }
  }

  private async send(command: object): Promise<unknown> {
    this.signal.throwIfAborted();
    return this.client.send(command as never, { abortSignal: this.signal });
  }
}
