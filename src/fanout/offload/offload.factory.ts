import type { Clock } from '../../contracts/clock.js';
import { InvalidOptionsError } from '../../errors/invalid-options.error.js';
import { ShardQueue } from './shard.queue.js';
import { createSqsClient, type SqsAccess, type SqsSender } from './sqs.client.js';

/** Where shards go. */
export interface QueueOptions extends SqsAccess {
  /** The application's own client, never destroyed; else one is made. */
  readonly client: SqsSender | null;
  readonly clock: Clock;
  /** How long a batch of messages may take with all its attempts. */
  readonly deliveryTimeoutMs: number;
}

/** A queue, and what closes the client that was made for it. */
export interface OpenQueue {
  readonly queue: ShardQueue;
  close(): void;
}

/**
 * Makes the queue of `fanout.offload`. Nothing connects before the first message.
 *
 * @throws InvalidOptionsError for a FIFO queue, and when `@aws-sdk/client-sqs` is not installed
 */
export async function openShardQueue({ client, ...options }: QueueOptions): Promise<OpenQueue> {
  const { queueUrl, clock, deliveryTimeoutMs: timeoutMs } = options;
  if (new URL(queueUrl).pathname.endsWith('.fifo')) {
    throw new InvalidOptionsError(
      'fanout.offload.queueUrl',
      'Expected "fanout.offload.queueUrl" to be the URL of a standard queue, got one of a FIFO queue, which hands out one shard at a time.',
    );
  }
  const settings = { queueUrl, clock, timeoutMs };
  // Now, so that a package that is missing stops the start. The commands are the package's, whosever the client is.
  if (client !== null) {
    await needing(() => import('@aws-sdk/client-sqs'));
    return { queue: new ShardQueue(() => client, settings), close: () => undefined };
  }
  const made = await needing(() => createSqsClient(options));
  return { queue: new ShardQueue(() => made, settings), close: () => made.destroy() };
}

async function needing<Result>(load: () => Promise<Result>): Promise<Result> {
  try {
    return await load();
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw cause;
    throw new InvalidOptionsError(
      'fanout.offload',
      'The option "fanout.offload" needs a package: npm install @aws-sdk/client-sqs@3',
      { cause },
    );
  }
}
