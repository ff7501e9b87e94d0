import { describe, expect, it } from '@jest/globals';
import { InvalidOptionsError } from '../errors/invalid-options.error.js';
import { resolveWebSocketOptions } from '../websocket.options-resolver.js';
import type { WebSocketModuleOptions } from '../websocket.options.js';

const resolve = (channels?: unknown) =>
  resolveWebSocketOptions((channels === undefined ? {} : { channels }) as WebSocketModuleOptions, {}).channels;

const ruleOf = (rule: object) => resolve({ rules: { news: rule } }).rules.get('news');

describe('the options of channels', () => {
  it('leave it to decorated providers whether the protocol is on, unless they say so', () => {
    expect(resolve().isOn).toBeNull();
    expect(resolve(true).isOn).toBe(true);
    expect(resolve({}).isOn).toBe(true);
    expect(resolve(false).isOn).toBe(false);
  });

  it.each([undefined, true, false, {}])('have defaults, also as %j', (given) => {
    expect(resolve(given)).toMatchObject({
      requestsPerSecond: 50,
      whispersPerSecond: 10,
      maxMemberInfoBytes: 2_048,
      maxRecovered: 500,
      answerTimeoutMs: 5_000,
    });
    expect(resolve(given).rules.size).toBe(0);
  });

  it('give a rule that says nothing no limit and no rights, and leave to the kind what depends on it', () => {
    expect(ruleOf({})).toEqual({
      maxMembers: null,
      authorize: null,
      publish: false,
      whisper: null,
      history: null,
      presence: null,
      joinLeave: true,
    });
  });

  it('take a rule as it is given', () => {
    const rule = { maxClients: 10, whisper: true, publish: true, presence: true, joinLeave: false };
    expect(ruleOf(rule)).toMatchObject({
      maxMembers: 10,
      whisper: true,
      publish: true,
      presence: true,
      joinLeave: false,
    });
  });

  it.each([
    [0, null],
    [undefined, null],
    [1, 1],
  ])('read maxClients %p as a limit of %p', (maxClients, maxMembers) => {
    expect(ruleOf({ maxClients })?.maxMembers).toBe(maxMembers);
  });

  it.each([
    [true, { maxMessages: 100, maxAgeMs: 3_600_000 }],
    [{}, { maxMessages: 100, maxAgeMs: 3_600_000 }],
    [
      { maxMessages: 5, maxAgeSeconds: 60 },
      { maxMessages: 5, maxAgeMs: 60_000 },
    ],
    [false, null],
    [undefined, null],
  ])('keep the history that persistent asks for: %j', (persistent, history) => {
    expect(ruleOf({ persistent })?.history).toEqual(history);
  });

  it('call the functions of a rule on the rule', async () => {
    const rule = {
      owner: '7',
      authorize(this: { owner: string }, { userId }: { userId: string }) {
        return userId === this.owner;
      },
    };
    const { owner, ...known } = rule;
    const checked = ruleOf(Object.defineProperty(known, 'owner', { value: owner }));
    expect(await checked?.authorize?.({ userId: '7' } as never)).toBe(true);
    expect(await checked?.authorize?.({ userId: '8' } as never)).toBe(false);
  });

  class Rule {
    authorize(): boolean {
      return false;
    }
  }

  it.each([
    [null, '"channels"'],
    ['news', 'Expected "channels" to be an object'],
    [[], 'Expected "channels" to be an object'],
    [{ rule: {} }, 'Unknown option "channels.rule"'],
    [{ rules: [] }, 'Expected "channels.rules" to be a plain object of rules by pattern'],
    [{ rules: new Map([['news', {}]]) }, 'Expected "channels.rules" to be a plain object of rules by pattern'],
    [{ rules: { news: true } }, 'Expected "channels.rules[news]" to be an object, got boolean.'],
    [{ rules: { news: null } }, 'Expected "channels.rules[news]" to be an object, got null.'],
    [{ rules: { news: new Rule() } }, 'Expected "channels.rules[news]" to be a plain object, got one of a class.'],
    [{ rules: { news: { maxClient: 1 } } }, 'Unknown option "channels.rules[news].maxClient"'],
    [{ rules: { news: { maxClients: -1 } } }, 'Expected "channels.rules[news].maxClients" to be a whole number'],
    [{ rules: { news: { authorize: true } } }, 'Expected "channels.rules[news].authorize" to be a function'],
    [
      { rules: { news: { publish: 'all' } } },
      'Expected "channels.rules[news].publish" to be true, false or a function',
    ],
    [{ rules: { news: { whisper: 1 } } }, 'Expected "channels.rules[news].whisper" to be true or false'],
    [{ rules: { news: { persistent: 5 } } }, 'Expected "channels.rules[news].persistent" to be an object'],
    [{ rules: { news: { persistent: null } } }, 'Expected "channels.rules[news].persistent" to be an object'],
    [{ rules: { news: { persistent: { maxMessages: 0 } } } }, '"channels.rules[news].persistent.maxMessages"'],
    [{ rules: { news: { persistent: { maxAgeMs: 5 } } } }, 'Unknown option "channels.rules[news].persistent.maxAgeMs"'],
    [{ requestsPerSecond: 0 }, 'Expected "channels.requestsPerSecond"'],
    [{ whispersPerSecond: 0.5 }, 'Expected "channels.whispersPerSecond"'],
    [{ maxMemberInfoBytes: 1 }, 'Expected "channels.maxMemberInfoBytes"'],
    [{ maxRecovered: 0 }, 'Expected "channels.maxRecovered"'],
    [{ answerTimeoutMs: 2 ** 31 }, 'Expected "channels.answerTimeoutMs"'],
  ])('that cannot be used stop the start: %j', (channels, message) => {
    expect(() => resolve(channels)).toThrow(InvalidOptionsError);
    expect(() => resolve(channels)).toThrow(message);
  });
});
