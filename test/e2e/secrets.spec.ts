import { describe, expect, it } from '@jest/globals';
import { Secrets } from '../../sample-app/src/secrets.js';

const ON_LAMBDA = { CHAT_SECRET: 'a secret', AWS_LAMBDA_FUNCTION_NAME: 'chat' };

describe("the key of the sample's live numbers", () => {
  it('is made of the secret where the process can print it, the same in all of them', () => {
    const [one, other] = [new Secrets({ CHAT_SECRET: 'a secret' }), new Secrets({ CHAT_SECRET: 'a secret' })];
    expect(one.isOperatorKeyGiven).toBe(false);
    expect(one.operatorKey).toMatch(/^\S{40,}$/);
    expect(other.isOperator(one.operatorKey)).toBe(true);
    expect(new Secrets({ CHAT_SECRET: 'another' }).isOperator(one.operatorKey)).toBe(false);
  });

  it('is the one that is given, on Lambda too', () => {
    for (const environment of [{}, ON_LAMBDA]) {
      const secrets = new Secrets({ ...environment, OPERATOR_KEY: 'open' });
      expect([secrets.isOperator('open'), secrets.isOperator('opens'), secrets.isOperator(undefined)]).toEqual([
        true,
        false,
        false,
      ]);
    }
  });

  it.each([undefined, ''])('does not exist on Lambda where %j is given, and nothing opens them', (OPERATOR_KEY) => {
    const secrets = new Secrets({ ...ON_LAMBDA, ...(OPERATOR_KEY !== undefined && { OPERATOR_KEY }) });
    const { operatorKey: made } = new Secrets({ CHAT_SECRET: ON_LAMBDA.CHAT_SECRET });
    for (const guess of [made, '', null, 'null', undefined]) expect(secrets.isOperator(guess)).toBe(false);
  });
});
