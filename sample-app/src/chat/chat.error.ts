/** What a client can be told about a request that was not carried out. */
export type ChatErrorCode =
  'bad-request' | 'name-taken' | 'already-named' | 'no-name' | 'not-in-room' | 'too-many-rooms' | 'not-here';

/** Refuses a request for a reason that its sender is told, in words that the page can show. */
export class ChatError extends Error {
  override readonly name = 'ChatError';

  constructor(
    readonly code: ChatErrorCode,
    message: string,
  ) {
    super(message);
  }
}
