import { isSqsEvent } from '../fanout/offload/sqs.event.js';

/** What a Lambda function can be invoked for. */
export type InvocationKind = 'websocket' | 'shards' | 'cleanup' | 'warm-up' | 'unknown';

/**
 * Tells by its shape what an invocation is for:
 *
 * - `websocket`: anything with a `requestContext`; whether it is one of a WebSocket API is the handler's to say
 * - `shards`: a batch of SQS
 * - `cleanup`: EventBridge's `Scheduled Event`, or `{"websocket": "cleanup"}` as the input of a schedule
 * - `warm-up`: `{"warmup": true}`, `{"warmer": true}`, or `source` `serverless-plugin-warmup`
 * - `unknown`: everything else, and what cannot be read
 */
export function kindOf(event: unknown): InvocationKind {
  try {
    return kindByShape(event);
  } catch {
    // A proxy or a getter: nothing that Lambda hands over.
    return 'unknown';
  }
}

function kindByShape(event: unknown): InvocationKind {
  if (typeof event !== 'object' || event === null) return 'unknown';
  const fields = event as Readonly<Record<string, unknown>>;
  if (isRecord(fields['requestContext'])) return 'websocket';
  if (isSqsEvent(event)) return 'shards';
  if (fields['websocket'] === 'cleanup' || fields['detail-type'] === 'Scheduled Event') return 'cleanup';
  const isWarmUp = fields['warmup'] === true || fields['warmer'] === true;
  return isWarmUp || fields['source'] === 'serverless-plugin-warmup' ? 'warm-up' : 'unknown';
}

function isRecord(value: unknown): boolean {
  return typeof value === 'object' && value !== null;
}
