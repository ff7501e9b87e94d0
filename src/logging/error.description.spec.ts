import { describe, expect, it } from '@jest/globals';
import { describeError, withoutMessage } from './error.description.js';

describe('an error whose message may hold a secret', () => {
  it.each([
    ['on one line', 'not a token: s3cret'],
    ['that looks like a place of the stack', 'not a token:\n    at s3cret (s3cret.js:1:1)'],
    ['that begins like its name', 'Error\n    at s3cret'],
  ])('is told without a message %s, and with its places', (_, message) => {
    const told = describeError(withoutMessage(new TypeError(message)));
    expect(told).toMatch(/^TypeError was thrown;/);
    expect(told).not.toContain('s3cret');
    expect(told).toContain('error.description.spec');
  });

  it('is told by its kind alone when it is no error, or has no places', () => {
    expect(describeError(withoutMessage('s3cret'))).toMatch(/^string was thrown;[^\n]*$/);
    const bare = Object.assign(new Error('s3cret'), { stack: undefined });
    expect(describeError(withoutMessage(bare))).toMatch(/^Error was thrown;[^\n]*$/);
  });
});
