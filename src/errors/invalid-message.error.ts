import { WebSocketModuleError } from './websocket-module.error.js';

/** One thing that is wrong with a message. */
export interface MessageIssue {
  /** Where, e.g. `room.name`; empty for the message itself. */
  readonly path: string;
  /** What was expected, in the words of the schema. */
  readonly message: string;
}

/** A message of a client is not what the schema of its listener expects; the client is told. */
export class InvalidMessageError extends WebSocketModuleError {
  override readonly name = 'InvalidMessageError';
  readonly code = 'WEBSOCKET_INVALID_MESSAGE';

  /** @param issues what is wrong, for the client */
  constructor(
    readonly issues: readonly MessageIssue[],
    options?: ErrorOptions,
  ) {
    super('The message is not what the schema of its listener expects; its issues say where.', options);
  }

  /** The one that an error is, or that all errors of several listeners are alike; `null` when something else failed, too. */
  static in(error: unknown): InvalidMessageError | null {
    if (error instanceof InvalidMessageError) return error;
    if (!(error instanceof AggregateError)) return null;
    const errors = error.errors as readonly unknown[];
    if (!errors.every((one) => one instanceof InvalidMessageError)) return null;
    return new InvalidMessageError(errors.flatMap(({ issues }) => issues));
  }
}
