/** A message of SQS as Lambda gets it, as far as it is read here. */
export interface SqsRecord {
  readonly messageId: string;
  readonly eventSource: 'aws:sqs';
  readonly body?: unknown;
}

/** What Lambda invokes a function with for messages of a queue. */
export interface SqsEvent {
  readonly Records: readonly SqsRecord[];
}

/**
 * What the function answers: which of the messages are to be delivered again. Lambda reads it where the event source mapping has
 * `FunctionResponseTypes: [ReportBatchItemFailures]`; the others are deleted.
 */
export interface SqsBatchResponse {
  readonly batchItemFailures: readonly { readonly itemIdentifier: string }[];
}

/** Whether Lambda was invoked for messages of a queue. Never throws. */
export function isSqsEvent(event: unknown): event is SqsEvent {
  if (typeof event !== 'object' || event === null) return false;
  try {
    const { Records: records } = event as { readonly Records?: unknown };
    return Array.isArray(records) && records.length > 0 && records.every(isSqsRecord);
  } catch {
    // A proxy or a getter: nothing that Lambda hands over.
    return false;
  }
}

function isSqsRecord(record: unknown): record is SqsRecord {
  if (typeof record !== 'object' || record === null) return false;
  const { eventSource, messageId } = record as Partial<SqsRecord>;
  return eventSource === 'aws:sqs' && typeof messageId === 'string' && messageId !== '';
}
