import { ChatError } from './chat.error.js';

export const MAX_NAME_CHARS = 24;
export const MAX_ROOM_CHARS = 32;
export const MAX_TEXT_CHARS = 2_000;
export const MAX_KEY_CHARS = 64;
export const MAX_ROOMS = 8;

/** Letters of any script, digits, and what stands between them: nothing that turns the line around or draws nothing at all. */
const WORDS = /^[\p{L}\p{N}][\p{L}\p{M}\p{N} ._'-]*$/u;

/** Reads the fields of a client's message, which may be anything. Each method throws {@link ChatError} for a value that cannot be used. */
export class ChatInput {
  private readonly fields: Readonly<Record<string, unknown>>;

  constructor(message: unknown) {
    this.fields = typeof message === 'object' && message !== null ? (message as Record<string, unknown>) : {};
  }

  /** A person's name. Characters that look alike only in width or form are made one. */
  name(field: 'name' | 'to'): string {
    return this.words(field, MAX_NAME_CHARS);
  }

  /** A room's name, in lower case: `Lobby` and `lobby` are one room. */
  room(): string {
    return this.words('room', MAX_ROOM_CHARS).toLowerCase();
  }

  text(): string {
    const value = this.fields['text'];
    const text = typeof value === 'string' && value.isWellFormed() ? value.trim() : '';
    if (text.length > 0 && text.length <= MAX_TEXT_CHARS) return text;
    throw new ChatError('bad-request', `A message has 1 to ${MAX_TEXT_CHARS} characters.`);
  }

  /** The secret by which a client that lost its connection gets its name back; `null` when it keeps none. */
  key(): string | null {
    const value = this.fields['key'] ?? null;
    if (value === null) return null;
    if (typeof value === 'string' && value.length >= 16 && value.length <= MAX_KEY_CHARS) return value;
    throw new ChatError('bad-request', `A key has 16 to ${MAX_KEY_CHARS} characters.`);
  }

  private words(field: 'name' | 'to' | 'room', maxChars: number): string {
    const value = this.fields[field];
    // Measured before it is normalised, so that a hostile length costs nothing.
    if (typeof value === 'string' && value.length <= 4 * maxChars) {
      const words = value.normalize('NFKC').trim().replace(/ +/g, ' ');
      if (words.length <= maxChars && WORDS.test(words)) return words;
    }
    throw new ChatError(
      'bad-request',
      `A ${field === 'room' ? 'room' : 'name'} has 1 to ${maxChars} letters, digits, spaces and . _ ' - and starts with a letter or digit.`,
    );
  }
}
