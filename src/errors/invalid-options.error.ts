import { WebSocketModuleError } from './websocket-module.error.js';

/** The module was configured with something it cannot use. Thrown once, while the application starts. */
export class InvalidOptionsError extends WebSocketModuleError {
  override readonly name = 'InvalidOptionsError';
  readonly code = 'WEBSOCKET_INVALID_OPTIONS';

  /** @param option the dotted path of the option, e.g. `gateway.path` */
  constructor(
    readonly option: string,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
