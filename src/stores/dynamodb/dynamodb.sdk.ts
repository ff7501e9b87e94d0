/**
 * What the store needs of the AWS SDK, to be loaded when a table is configured. A bundler that meets an `import()` of the SDK itself takes in, and each start
 * runs, every command that DynamoDB has.
 */
export {
  BatchGetItemCommand,
  DeleteItemCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
