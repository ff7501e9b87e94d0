import { WebSocketModuleError } from './websocket-module.error.js';

/** A channel name, user id or connection id that cannot be one: not a string, empty, too long or not well-formed Unicode. */
export class InvalidNameError extends WebSocketModuleError {
  override readonly name = 'InvalidNameError';
  readonly code = 'WEBSOCKET_INVALID_NAME';

  /** @param kind what the name was meant to name: `channel`, `user id` or `connection id` */
  constructor(
    readonly kind: string,
    expected: string,
    options?: ErrorOptions,
  ) {
    super(`Expected the ${kind} to be ${expected}.`, options);
  }
}
