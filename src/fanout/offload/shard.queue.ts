import type { SendMessageBatchCommandOutput } from '@aws-sdk/client-sqs';
import type { Clock } from '../../contracts/clock.js';
import type { SqsSender } from './sqs.client.js';

/** A shard as a message for the queue. */
export interface ShardMessage {
  /** In ASCII. */
  readonly body: string;
  readonly recipients: number;
}

/** The most messages in one request (SQS Developer Guide, "Amazon SQS message quotas"). */
export const MAX_BATCH_MESSAGES = 10;

/**
 * The most bytes of one message, and of those of one request together. AWS takes 1 MiB of both since August 2025; what stands in for it elsewhere
 * may still take 256 KiB, and as SQS bills each 64 KiB, larger messages would not be cheaper.
 */
export const MAX_MESSAGE_BYTES = 262_144;

const PAUSE_BASE_MS = 100;
const LONGEST_PAUSE_MS = 2_000;

/** What the queue did not take, and the last reason. */
export interface Refusal {
  readonly messages: readonly ShardMessage[];
  readonly cause: unknown;
}

export interface ShardQueueSettings {
  readonly queueUrl: string;
  readonly clock: Clock;
  /** How long one batch may take with all its attempts. */
  readonly timeoutMs: number;
}

/** Puts messages into a queue of SQS, some at a time; those that it did not take are tried again, with pauses, while there is time. */
export class ShardQueue {
  constructor(
    private readonly client: () => SqsSender | Promise<SqsSender>,
    private readonly settings: ShardQueueSettings,
  ) {}

  /** Resolves what the queue did not take; `null` when it took everything. Ends early, with what is left, when `signal` is aborted. */
  async send(messages: readonly ShardMessage[], signal?: AbortSignal): Promise<Refusal | null> {
    const { clock, timeoutMs } = this.settings;
    const stop = new AbortController();
    const onAbort = (): void => stop.abort();
    const cancelDeadline = clock.after(timeoutMs, onAbort);
    signal?.addEventListener('abort', onAbort, { once: true });
    if (signal?.aborted === true) stop.abort();
    try {
      return await this.sendWhileTime(messages, stop.signal);
    } finally {
      cancelDeadline();
      signal?.removeEventListener('abort', onAbort);
    }
  }

  private async sendWhileTime(messages: readonly ShardMessage[], stop: AbortSignal): Promise<Refusal | null> {
    let left = messages;
    let hopeless: readonly ShardMessage[] = [];
    let cause: unknown = new Error('It took too long, or was ended early.');
    for (let attempt = 0; left.length > 0 && !stop.aborted; attempt++) {
      if (attempt > 0) await this.pause(attempt, stop);
      if (stop.aborted) break;
      try {
        const answer = await this.request(left, stop);
        const failed = new Map((answer.Failed ?? []).map((failure) => [failure.Id, failure]));
        const refused = left.filter((_, index) => failed.has(String(index)));
        const isHopeless = (message: ShardMessage): boolean =>
          failed.get(String(left.indexOf(message)))?.SenderFault === true;
        for (const { Code: code, Message: text } of failed.values()) cause = new Error(`${code}: ${text ?? ''}`);
        hopeless = [...hopeless, ...refused.filter(isHopeless)];
        left = refused.filter((message) => !isHopeless(message));
      } catch (error) {
        cause = stop.aborted && isAbort(error) ? cause : error;
        if (isPermanent(error)) break;
      }
    }
    const refused = [...hopeless, ...left];
    return refused.length === 0 ? null : { messages: refused, cause };
  }

  private async request(
    messages: readonly ShardMessage[],
    abortSignal: AbortSignal,
  ): Promise<SendMessageBatchCommandOutput> {
    const { SendMessageBatchCommand } = await import('@aws-sdk/client-sqs');
    const command = new SendMessageBatchCommand({
      QueueUrl: this.settings.queueUrl,
      Entries: messages.map(({ body }, index) => ({ Id: String(index), MessageBody: body })),
    });
    const client = await this.client();
    return (await client.send(command, { abortSignal })) as SendMessageBatchCommandOutput;
  }

  private pause(attempt: number, stop: AbortSignal): Promise<void> {
    const delayMs = Math.random() * Math.min(LONGEST_PAUSE_MS, PAUSE_BASE_MS * 2 ** (attempt - 1));
    return new Promise((resolve) => {
      const end = (): void => {
        cancel();
        stop.removeEventListener('abort', end);
        resolve();
      };
      const cancel = this.settings.clock.after(delayMs, end);
      stop.addEventListener('abort', end, { once: true });
    });
  }
}

function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError';
}

/** What would be refused again: a queue that does not exist, access that is denied. */
function isPermanent(error: unknown): boolean {
  const {
    $fault: fault,
    $metadata: metadata,
    name = '',
    code,
  } = error as {
    readonly $fault?: string;
    readonly $metadata?: { readonly httpStatusCode?: number };
    readonly name?: string;
    readonly code?: string;
  };
  if (code === 'ERR_MODULE_NOT_FOUND') return true;
  const status = metadata?.httpStatusCode;
  const mayPass =
    status === undefined || status === 429 || status >= 500 || /Throttl|TooManyRequests|Expired/.test(name);
  return fault === 'client' && !mayPass;
}
