import { WebSocketModuleError } from './websocket-module.error.js';

/**
 * A client may have sent ten thousand of them, with keys of its own that paths and messages repeat: they have to fit into a frame, and no more of them
 * are made.
 */
const MAX_ISSUES = 20;
const MAX_PATH_CHARS = 200;
const MAX_MESSAGE_CHARS = 500;

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

  /** What is wrong, for the client: the first twenty issues, with what is long in them cut. */
  readonly issues: readonly MessageIssue[];

  /** @param issues read as far as they are told */
  constructor(issues: Iterable<MessageIssue>, options?: ErrorOptions) {
    super('The message is not what the schema of its listener expects; its issues say where.', options);
    const told: MessageIssue[] = [];
    for (const { path, message } of issues) {
      told.push({ path: cut(path, MAX_PATH_CHARS), message: cut(message, MAX_MESSAGE_CHARS) });
      if (told.length === MAX_ISSUES) break;
    }
    this.issues = told;
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

/** A validator is foreign code: what it calls a text may be something else. */
function cut(given: unknown, maxChars: number): string {
  const text = String(given);
  return text.length <= maxChars ? text : `${text.slice(0, maxChars)}…`;
}
