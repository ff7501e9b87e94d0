/** What the store uses of a client of DynamoDB: a `DynamoDBClient` or a `DynamoDBDocumentClient` of the AWS SDK, version 3. */
export interface DynamoDbClient {
  send(command: never, options?: { readonly abortSignal?: AbortSignal }): Promise<unknown>;
  destroy(): void;
}

/** A client, which stays yours to destroy; or what makes one at the first operation, which the store destroys when it is closed. */
export type DynamoDbClientSource = DynamoDbClient | (() => DynamoDbClient | Promise<DynamoDbClient>);

/** The client of a store: yours, or made when it is first needed. */
export class ClientHolder {
  private made: Promise<DynamoDbClient> | undefined;

  constructor(private readonly source: DynamoDbClientSource) {}

  client(): DynamoDbClient | Promise<DynamoDbClient> {
    if (typeof this.source !== 'function') return this.source;
    this.made ??= this.make(this.source);
    return this.made;
  }

  async close(): Promise<void> {
    const { made } = this;
    this.made = undefined;
    (await made)?.destroy();
  }

  private async make(source: () => DynamoDbClient | Promise<DynamoDbClient>): Promise<DynamoDbClient> {
    try {
      return await source();
    } catch (error) {
      // The next operation tries again.
      this.made = undefined;
      throw error;
    }
  }
}
