import { describe, expect, it } from '@jest/globals';
import { copyOfError } from './error.copy.js';

/** The messages of an error and of what caused it. */
function messagesOf(error: unknown): string[] {
  return error instanceof Error ? [error.message, ...messagesOf(error.cause)] : [];
}

describe('the copy of an error', () => {
  it('ends somewhere, also for one that causes itself', () => {
    const error = new Error('again');
    error.cause = error;
    expect(messagesOf(copyOfError(error))).toEqual(Array(6).fill('again'));
  });

  it('has the first errors of very many that were thrown together', () => {
    const { cause } = copyOfError(new AggregateError(Array.from({ length: 1_000 }, () => new Error('one'))));
    expect((cause as Error[]).map(({ message }) => message)).toEqual(Array(5).fill('one'));
  });

  it('says so where nothing can be read of one', () => {
    const unreadable = Object.defineProperty(new Error('secret'), 'message', {
      get: () => {
        throw new Error('No.');
      },
    });
    expect(copyOfError(unreadable).message).toBe('Something that cannot be described was thrown.');
  });
});
