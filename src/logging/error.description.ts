/** How many causes of an error a log line follows. */
const MAX_CAUSES = 5;

/** What was thrown, for a log line: stacks and causes, and nothing of the fields that an error may carry. Never throws. */
export function describeError(error: unknown): string {
  try {
    return describe(error, 0);
  } catch {
    return 'Something that cannot be described was thrown.';
  }
}

function describe(error: unknown, depth: number): string {
  if (!(error instanceof Error)) return `Something that is no Error was thrown (${typeof error}).`;
  const own = error.stack ?? `${error.name}: ${error.message}`;
  if (depth === MAX_CAUSES) return own;
  const parts = error instanceof AggregateError ? error.errors : error.cause === undefined ? [] : [error.cause];
  return [own, ...parts.map((part) => `Caused by: ${describe(part, depth + 1)}`)].join('\n');
}

/**
 * The kind of an error and the places it came from, for a log line. Not its message, in which many a library repeats the token that it did not
 * like, nor its causes.
 */
export function withoutMessage(error: unknown): Error {
  const isError = error instanceof Error;
  const kind = isError ? error.name.slice(0, 80) : typeof error;
  const told = new Error(`${kind} was thrown; its message is left out, for it may hold a secret.`);
  const places = isError ? belowMessage(error).filter((line) => /^\s+at /.test(line)) : [];
  told.stack = [told.message, ...places].join('\n');
  return told;
}

/** The lines of a stack behind the message, whose own lines may look like places. */
function belowMessage({ stack = '', message }: Error): string[] {
  const start = stack.indexOf(message);
  return (start < 0 ? stack : stack.slice(start + message.length)).split('\n');
}
