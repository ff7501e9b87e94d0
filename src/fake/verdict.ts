import type { SentMessage } from './recording.js';
import { differenceOf, isAccepted, type Difference, type MessagePredicate } from './value.match.js';

/** Whether a message is the one expected, and if not, what keeps it from being that. */
export type Verdict =
  | { readonly type: 'match' }
  | { readonly type: 'different'; readonly difference: Difference | null }
  | { readonly type: 'threw'; readonly error: unknown };

const MATCH: Verdict = Object.freeze({ type: 'match' });
const REFUSED: Verdict = Object.freeze({ type: 'different', difference: null });

/** Judges one message. A function that throws has not accepted it: it may have been written for another kind of message. */
export function judge(message: SentMessage, expected: unknown): Verdict {
  if (expected === undefined) return MATCH;
  try {
    if (typeof expected === 'function') {
      return isAccepted((expected as MessagePredicate<SentMessage>)(message.data as never, message)) ? MATCH : REFUSED;
    }
    const difference = differenceOf(message.data, expected);
    return difference === null ? MATCH : { type: 'different', difference };
  } catch (error) {
    return { type: 'threw', error };
  }
}
