import { WebSocketModuleError } from './websocket-module.error.js';

/** The connection is in as many channels as the option `maxChannelsPerConnection` allows; nothing was changed. */
export class ChannelLimitError extends WebSocketModuleError {
  override readonly name = 'ChannelLimitError';
  readonly code = 'WEBSOCKET_CHANNEL_LIMIT';

  constructor(
    readonly connectionId: string,
    readonly maxChannels: number,
    options?: ErrorOptions,
  ) {
    super(
      `Connection "${connectionId}" is already in ${maxChannels} channels; leave one, or raise the option "maxChannelsPerConnection".`,
      options,
    );
  }
}
