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
  private isClosed = false;

  constructor(private readonly source: DynamoDbClientSource) {}

  client(): DynamoDbClient | Promise<DynamoDbClient> {
    const { source } = this;
    if (this.isClosed) throw new Error('The store is closed.');
    if (typeof source !== 'function') return source;
    if (this.made === undefined) {
      const made = (this.made = Promise.resolve().then(source));
      // The next operation tries again.
      made.catch(() => (this.made = undefined));
    }
    return this.made;
  }

  async close(): Promise<void> {
    const { made } = this;
    this.isClosed = true;
    this.made = undefined;
    (await made)?.destroy();
  }
}
