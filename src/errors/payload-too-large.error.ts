import { WebSocketModuleError } from './websocket-module.error.js';

/** The encoded message is larger than the gateway accepts. Thrown before anything is sent to anyone. */
export class PayloadTooLargeError extends WebSocketModuleError {
  override readonly name = 'PayloadTooLargeError';
  readonly code = 'WEBSOCKET_PAYLOAD_TOO_LARGE';

  constructor(
    readonly sizeBytes: number,
    readonly maxBytes: number,
    options?: ErrorOptions,
  ) {
    super(
      `The message is ${sizeBytes} bytes of UTF-8, more than the ${maxBytes} allowed; send a reference to the data instead, or split it.`,
      options,
    );
  }
}
