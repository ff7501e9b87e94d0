import { Stack } from 'aws-cdk-lib';
import type { WebSocketApi } from 'aws-cdk-lib/aws-apigatewayv2';
import type { Table } from 'aws-cdk-lib/aws-dynamodb';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { ILogGroup } from 'aws-cdk-lib/aws-logs';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';

const allow = (actions: readonly string[], ...resources: string[]): PolicyStatement =>
  new PolicyStatement({ actions: [...actions], resources });

/** Writes its own log. */
export const logs = (log: ILogGroup): PolicyStatement =>
  // The ARN of a log group ends with `:*`, which are its streams.
  allow(['logs:CreateLogStream', 'logs:PutLogEvents'], log.logGroupArn);

/** Sends to connections of a stage (`POST`), closes them (`DELETE`), and asks about them (`GET`). `grantManageConnections` would allow all of them, on all stages. */
export const sockets = (
  api: WebSocketApi,
  stage: string,
  methods: readonly ('POST' | 'GET' | 'DELETE')[],
): PolicyStatement =>
  allow(
    ['execute-api:ManageConnections'],
    ...methods.map((method) =>
      Stack.of(api).formatArn({
        service: 'execute-api',
        resource: api.apiId,
        resourceName: `${stage}/${method}/@connections/*`,
      }),
    ),
  );

/** Keeps connections. `grantReadWriteData` would allow scans and streams, too. */
export const connections = (table: Table): PolicyStatement =>
  allow(
    ['BatchGetItem', 'DeleteItem', 'GetItem', 'PutItem', 'Query', 'UpdateItem'].map((name) => `dynamodb:${name}`),
    table.tableArn,
  );

/** Hands broadcasts over. */
export const broadcasts = (queue: IQueue): PolicyStatement => allow(['sqs:SendMessage'], queue.queueArn);

/** Works off what was handed over. */
export const work = (queue: IQueue): PolicyStatement =>
  allow(['sqs:DeleteMessage', 'sqs:GetQueueAttributes', 'sqs:ReceiveMessage'], queue.queueArn);
