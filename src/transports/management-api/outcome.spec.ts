import { describe, expect, it } from '@jest/globals';
import { outcomeOfError } from './outcome.js';

const answered = (httpStatusCode: number, name = 'Unknown') => ({ name, $metadata: { httpStatusCode } });

describe('the outcome of an error of the SDK client', () => {
  it.each([
    ['a bare 410', answered(410), { status: 'gone' }],
    ['a GoneException whose status got lost', { name: 'GoneException' }, { status: 'gone' }],
    ['a 429', answered(429, 'LimitExceededException'), { status: 'throttled', reason: 'LimitExceededException' }],
    ['a 413', answered(413), { status: 'too-large' }],
    ['a 403', answered(403, 'ForbiddenException'), { status: 'forbidden', reason: 'ForbiddenException' }],
    ['a 500', answered(500, 'InternalFailure'), { status: 'failed', reason: 'InternalFailure' }],
    ['a refused connection', { name: 'Error', code: 'ECONNREFUSED' }, { status: 'failed', reason: 'ECONNREFUSED' }],
    [
      'missing credentials',
      { name: 'CredentialsProviderError' },
      { status: 'failed', reason: 'CredentialsProviderError' },
    ],
    ['a time-out', { name: 'TimeoutError', code: 23 }, { status: 'failed', reason: 'TimeoutError' }],
    ['nothing at all', undefined, { status: 'failed', reason: 'unknown-error' }],
    ['null', null, { status: 'failed', reason: 'unknown-error' }],
    ['a string', 'broken', { status: 'failed', reason: 'unknown-error' }],
  ])('of %s', (_, error, outcome) => {
    expect(outcomeOfError(error)).toMatchObject(outcome);
  });
});
