import { WebSocketModuleError } from './websocket-module.error.js';

/** The data given to a send has no JSON form: `undefined`, a function, a `BigInt`, or an object that contains itself. */
export class InvalidPayloadError extends WebSocketModuleError {
  override readonly name = 'InvalidPayloadError';
  readonly code = 'WEBSOCKET_INVALID_PAYLOAD';

  constructor(options?: ErrorOptions) {
    super(
      'Expected the data to have a JSON form; send plain objects, arrays, strings, numbers, booleans or null.',
      options,
    );
  }
}
