import { WebSocketModuleError } from './websocket-module.error.js';

/** The `WebSocket` facade was used while no application that imports `WebSocketModule` is running. */
export class NotRunningError extends WebSocketModuleError {
  override readonly name = 'NotRunningError';
  readonly code = 'WEBSOCKET_NOT_RUNNING';

  constructor(options?: ErrorOptions) {
    super(
      'The WebSocket facade has no application yet: import WebSocketModule.forRoot() into a module and use the facade after ' +
        'the application is initialised, or inject WebSocketManager instead.',
      options,
    );
  }
}
