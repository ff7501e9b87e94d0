/** The server checks the same (`src/chat/wording.ts`); what is said here is said before anything is sent. */
const WORDS = /^[\p{L}\p{N}][\p{L}\p{M}\p{N} _'-]*$/u;
const MAX_NAME_CHARS = 24;
const MAX_ROOM_CHARS = 32;

export const BAD_NAME = `A name has 1 to ${MAX_NAME_CHARS} letters, digits, spaces and _ ' - and starts with a letter or digit.`;
export const BAD_ROOM = `A room has 1 to ${MAX_ROOM_CHARS} letters, digits, spaces and _ ' - and starts with a letter or digit.`;

export const nameFrom = (text) => words(text, MAX_NAME_CHARS);
export const roomFrom = (text) => words(text.toLowerCase(), MAX_ROOM_CHARS);

function words(given, maxChars) {
  const text = given.normalize('NFKC').trim().replace(/ +/g, ' ');
  return text.length <= maxChars && WORDS.test(text) ? text : null;
}
