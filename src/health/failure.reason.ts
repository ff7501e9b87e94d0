/** How many causes of an error are looked at. */
const MAX_CAUSES = 5;

/** Names that say nothing. */
const VAGUE = new Set(['Error', 'AggregateError']);

/**
 * One word for why something failed: the code, or the name, of the innermost cause that has one. Messages are left out but for the code that
 * Redis begins them with, for those of clients may carry an address with its password. Never throws.
 */
export function reasonOf(error: unknown): string {
  try {
    return innermostWord(error) ?? 'unknown-error';
  } catch {
    return 'unknown-error';
  }
}

function innermostWord(error: unknown): string | undefined {
  let reason: string | undefined;
  let current = error;
  // Not only instances of Error: a client may come from another realm, or throw objects of its own.
  for (let depth = 0; depth <= MAX_CAUSES && typeof current === 'object' && current !== null; depth++) {
    const { code, name, message, cause } = current as {
      readonly code?: unknown;
      readonly name?: unknown;
      readonly message?: unknown;
      readonly cause?: unknown;
    };
    reason = [code, name, codeIn(message)].find(isTelling) ?? reason;
    current = cause;
  }
  return reason;
}

/** The code that the errors of Redis begin with, such as `READONLY`: nothing that an address or a password could be. */
function codeIn(message: unknown): string | undefined {
  return typeof message === 'string' ? /^[A-Z]{3,20}(?= )/.exec(message)?.[0] : undefined;
}

function isTelling(word: unknown): word is string {
  return typeof word === 'string' && /^\w{1,64}$/.test(word) && !VAGUE.has(word);
}
