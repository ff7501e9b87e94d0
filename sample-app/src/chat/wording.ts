export const MAX_NAME_CHARS = 24;
export const MAX_ROOM_CHARS = 32;
export const MAX_TEXT_CHARS = 2_000;

/** Letters of any script, digits, and what stands between them: nothing that turns the line around or draws nothing at all. */
const WORDS = /^[\p{L}\p{N}][\p{L}\p{M}\p{N} _'-]*$/u;

/** A person's name as everybody sees it, `null` for what cannot be one. Characters that look alike only in width or form are made one. */
export function nameFrom(value: unknown): string | null {
  return words(value, MAX_NAME_CHARS);
}

/** A room's name in lower case: `Lobby` and `lobby` are one room. */
export function roomFrom(value: unknown): string | null {
  return words(typeof value === 'string' ? value.toLowerCase() : value, MAX_ROOM_CHARS);
}

/** Whether this is something to say. */
export function isText(value: unknown): value is string {
  return typeof value === 'string' && value.length <= MAX_TEXT_CHARS && value.isWellFormed() && value.trim().length > 0;
}

function words(value: unknown, maxChars: number): string | null {
  // Measured before it is normalised, so that a hostile length costs nothing.
  if (typeof value !== 'string' || value.length > 4 * maxChars) return null;
  const text = value.normalize('NFKC').trim().replace(/ +/g, ' ');
  return text.length <= maxChars && WORDS.test(text) ? text : null;
}
