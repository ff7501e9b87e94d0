/**
 * A client of `@aws-sdk/client-dynamodb`, said without its types: an application that keeps its connections elsewhere does not have the package, and
 * its compiler would miss them.
 */
export interface DynamoDbClient {
  readonly config: object;
  send(command: never, options?: never): Promise<unknown>;
  destroy(): void;
}
