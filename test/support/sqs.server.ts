import { createHash } from 'node:crypto';
import {
  CreateQueueCommand,
  DeleteMessageBatchCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
  type Message,
} from '@aws-sdk/client-sqs';
import { buildApp } from 'fauxqs';
import type { SqsBatchResponse, SqsEvent } from '../../src/fanout/offload/sqs.event.js';

const REGION = 'eu-west-1';

/** A record as Lambda's event source mapping for SQS makes it (Lambda Developer Guide, "Using Lambda with Amazon SQS"). */
export interface LambdaSqsRecord {
  readonly messageId: string;
  readonly receiptHandle: string;
  readonly body: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly messageAttributes: object;
  readonly md5OfBody: string;
  readonly eventSource: 'aws:sqs';
  readonly eventSourceARN: string;
  readonly awsRegion: string;
}

/** An SQS of the test's own, in this process, with one queue. */
export class SqsServer {
  private constructor(
    private readonly app: ReturnType<typeof buildApp>,
    readonly endpoint: string,
    readonly client: SQSClient,
    readonly queueUrl: string,
  ) {}

  static async start(): Promise<SqsServer> {
    const app = buildApp({ logger: false, defaultRegion: REGION });
    const endpoint = await app.listen({ host: '127.0.0.1', port: 0 });
    const client = new SQSClient({
      endpoint,
      region: REGION,
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    });
    const { QueueUrl: queueUrl = '' } = await client.send(new CreateQueueCommand({ QueueName: 'broadcasts' }));
    return new SqsServer(app, endpoint, client, queueUrl);
  }

  async stop(): Promise<void> {
    this.client.destroy();
    await this.app.close();
  }

  async send(body: string): Promise<void> {
    await this.client.send(new SendMessageCommand({ QueueUrl: this.queueUrl, MessageBody: body }));
  }

  /** Up to ten messages as the event that Lambda invokes a function with; `null` when there are none. They are in flight then. */
  async receive(): Promise<{ readonly Records: readonly LambdaSqsRecord[] } | null> {
    const { Messages: messages = [] } = await this.client.send(
      new ReceiveMessageCommand({
        QueueUrl: this.queueUrl,
        MaxNumberOfMessages: 10,
        MessageSystemAttributeNames: ['All'],
        MessageAttributeNames: ['All'],
        VisibilityTimeout: 600,
      }),
    );
    return messages.length === 0 ? null : { Records: messages.map(recordOf) };
  }

  /** Does what Lambda does with an answer: deletes what has not failed. */
  async acknowledge({ Records: records }: SqsEvent, { batchItemFailures }: SqsBatchResponse): Promise<void> {
    const failed = new Set(batchItemFailures.map(({ itemIdentifier }) => itemIdentifier));
    const done = (records as readonly LambdaSqsRecord[]).filter(({ messageId }) => !failed.has(messageId));
    if (done.length === 0) return;
    await this.client.send(
      new DeleteMessageBatchCommand({
        QueueUrl: this.queueUrl,
        Entries: done.map(({ receiptHandle }, index) => ({ Id: String(index), ReceiptHandle: receiptHandle })),
      }),
    );
  }
}

/** A record of a body that went through no queue. */
export function recordOfBody(body: string, messageId: string): LambdaSqsRecord {
  return recordOf({
    MessageId: messageId,
    ReceiptHandle: 'receipt',
    Body: body,
    MD5OfBody: createHash('md5').update(body).digest('hex'),
  });
}

function recordOf({ MessageId, ReceiptHandle, Body, Attributes, MD5OfBody }: Message): LambdaSqsRecord {
  return {
    messageId: MessageId ?? '',
    receiptHandle: ReceiptHandle ?? '',
    body: Body ?? '',
    attributes: { ...Attributes },
    messageAttributes: {},
    md5OfBody: MD5OfBody ?? '',
    eventSource: 'aws:sqs',
    eventSourceARN: `arn:aws:sqs:${REGION}:000000000000:broadcasts`,
    awsRegion: REGION,
  };
}
