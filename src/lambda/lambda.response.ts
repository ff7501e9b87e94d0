import type { SqsBatchResponse } from '../fanout/offload/sqs.event.js';
import type { WebSocketResponse } from '../protocol/response.js';

/** What a scheduled clean-up answers. */
export interface CleanupResponse {
  /** How many connections were ended. */
  readonly ended: number;
}

/** What a warm-up answers. */
export interface WarmUpResponse {
  readonly warm: true;
}

/** What the function returns: for an event of a WebSocket API the answer to it, for a batch of SQS the messages to deliver again. */
export type LambdaResponse = WebSocketResponse | SqsBatchResponse | CleanupResponse | WarmUpResponse;
