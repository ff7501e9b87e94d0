import { indented, visible } from './log.line.js';

/** How many causes of an error a copy has. */
const MAX_CAUSES = 5;

const MAX_NAME_CHARACTERS = 128;
const MAX_MESSAGE_CHARACTERS = 2_048;

/**
 * A copy of what was thrown for a logger that writes errors out field by field: name, message, stack and causes, and none of the fields that an
 * error of a client library may carry, such as its request. Never throws.
 */
export function copyOfError(error: unknown): Error {
  try {
    return copy(error, 0);
  } catch {
    return bare('Error', 'Something that cannot be described was thrown.');
  }
}

function copy(error: unknown, depth: number): Error {
  if (!(error instanceof Error)) return bare('Error', `Something that is no Error was thrown (${typeof error}).`);
  const copied = bare(visible(error.name, MAX_NAME_CHARACTERS), visible(error.message, MAX_MESSAGE_CHARACTERS));
  if (typeof error.stack === 'string') copied.stack = indented(error.stack);
  if (depth === MAX_CAUSES) return copied;
  if (error instanceof AggregateError)
    copied.cause = error.errors.slice(0, MAX_CAUSES).map((part) => copy(part, depth + 1));
  else if (error.cause !== undefined) copied.cause = copy(error.cause, depth + 1);
  return copied;
}

/** An error whose name is no field of its own, and whose stack does not lead here. */
function bare(name: string, message: string): Error {
  const error = new Error(message);
  Object.defineProperty(error, 'name', { value: name, enumerable: false });
  error.stack = `${name}: ${message}`;
  return error;
}
