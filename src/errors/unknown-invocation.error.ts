import { WebSocketModuleError } from './websocket-module.error.js';

/** A Lambda function was invoked with something that is none of the events it is for. */
export class UnknownInvocationError extends WebSocketModuleError {
  override readonly name = 'UnknownInvocationError';
  readonly code = 'WEBSOCKET_UNKNOWN_INVOCATION';

  constructor(options?: ErrorOptions) {
    super(
      'This function takes events of a WebSocket API, batches of SQS, {"websocket": "cleanup"} or a Scheduled Event of EventBridge, and ' +
        '{"warmup": true}; it was invoked with something else. Check what triggers it.',
      options,
    );
  }
}
