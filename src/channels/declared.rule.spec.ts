import { HttpException, Logger } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { LogCapture } from '../../test/support/log.capture.js';
import { ManualClock } from '../../test/support/manual.clock.js';
import { ConnectionRefusedError } from '../errors/connection-refused.error.js';
import { StoreUnavailableError } from '../errors/store-unavailable.error.js';
import { Log } from '../logging/log.js';
import { readChannelRule } from '../options/channels.options-resolver.js';
import type { ChannelPublishRequest, ChannelRequest, ChannelRule } from '../options/channels.options.js';
import { ChannelPattern } from './channel.pattern.js';
import { DeclaredRule, RULE_TIMEOUT_MS } from './declared.rule.js';

const SECRET = 'a-token-that-nobody-may-see';

const request: ChannelRequest = {
  channel: 'private-board.7',
  params: { boardId: '7' },
  connectionId: 'c1',
  userId: '42',
  authorizer: { userId: '42' },
  data: { invitation: SECRET },
  connection: {
    connectionId: 'c1',
    connectedAt: 0,
    userId: '42',
    routeKey: '$connect',
    channels: [],
    endpoint: null,
  },
};
const publishRequest: ChannelPublishRequest = { ...request, data: undefined, event: 'moved', message: { x: 1 } };

let clock: ManualClock;
let capture: LogCapture;

beforeEach(() => {
  clock = new ManualClock();
  capture = new LogCapture();
  Logger.overrideLogger(capture);
});
afterEach(() => Logger.overrideLogger(false));

function declare(pattern: string, rule: ChannelRule = {}): DeclaredRule {
  return new DeclaredRule(ChannelPattern.parse(pattern, 'test'), readChannelRule(rule, 'test'), {
    clock,
    log: new Log(),
    maxMemberInfoBytes: 40,
  });
}

const answering = (answer: unknown, pattern = 'private-board.{boardId}') =>
  declare(pattern, { authorize: () => answer as boolean });

describe('a rule that says nothing', () => {
  it.each([
    ['news', { allowsWhispers: false, hasPresence: false, announces: false }],
    ['private-{x}', { allowsWhispers: true, hasPresence: false, announces: false }],
    ['presence-{x}', { allowsWhispers: true, hasPresence: true, announces: true }],
  ])('gives %j what its kind has by itself', (pattern, expected) => {
    expect(declare(pattern)).toMatchObject({ pattern, maxMembers: null, history: null, ...expected });
  });

  it('lets everybody into a public channel, nobody into others, and nobody publish', async () => {
    expect(await declare('news').authorize(request)).toEqual({ isAllowed: true, info: null });
    expect(await declare('private-{x}').authorize(request)).toEqual({ isAllowed: false });
    expect(await declare('presence-{x}').authorize(request)).toEqual({ isAllowed: false });
    expect(await declare('news').mayPublish(publishRequest)).toBe(false);
  });
});

describe('a rule', () => {
  it('says more than the kind', () => {
    expect(declare('news', { whisper: true, presence: true })).toMatchObject({
      allowsWhispers: true,
      hasPresence: true,
      announces: true,
    });
    expect(declare('presence-{x}', { whisper: false, joinLeave: false })).toMatchObject({
      allowsWhispers: false,
      hasPresence: true,
      announces: false,
    });
    expect(declare('presence-{x}', { presence: false })).toMatchObject({ hasPresence: false, announces: false });
  });

  it('gets the whole request', async () => {
    const heard: unknown[] = [];
    const rule = declare('private-board.{boardId}', {
      authorize: (got) => Boolean(heard.push(got)),
      publish: (got) => Boolean(heard.push(got)),
    });
    await rule.authorize(request);
    await rule.mayPublish(publishRequest);
    expect(heard).toEqual([request, publishRequest]);
  });

  it.each([
    [true, null],
    [{}, '{}'],
    [{ name: 'Ada' }, '{"name":"Ada"}'],
    [Promise.resolve({ name: 'Ada' }), '{"name":"Ada"}'],
    [Promise.resolve(true), null],
    [{ a: 'x'.repeat(32) }, `{"a":"${'x'.repeat(32)}"}`],
  ])('that answers %j lets in, with the info %j', async (answer, info) => {
    expect(await answering(answer).authorize(request)).toEqual({ isAllowed: true, info });
    expect(capture.lines).toEqual([]);
  });

  it.each([false, null, undefined, 1, 'true', '', 0n, Symbol('yes'), () => true, Promise.resolve(1)])(
    'that answers with something else lets nobody in: %p',
    async (answer) => {
      expect(await answering(answer).authorize(request)).toEqual({ isAllowed: false });
      expect(await answering(answer, 'news').authorize(request)).toEqual({ isAllowed: false });
    },
  );

  const circular: Record<string, unknown> = { secret: SECRET };
  circular['self'] = circular;

  it.each([
    ['larger than it may be', { name: `${SECRET}-${'x'.repeat(20)}` }],
    ['larger in bytes than in characters', { name: '€'.repeat(12) }],
    ['circular', circular],
    ['a bigint', { secret: SECRET, id: 1n }],
    ['an array', [SECRET]],
    ['a date', new Date(0)],
    ['something that writes itself as a text', { toJSON: () => SECRET }],
    ['something that writes itself as nothing', { toJSON: () => undefined }],
    [
      'something that throws when it is written',
      {
        get name(): string {
          throw new Error(SECRET);
        },
      },
    ],
  ])('whose member info is %s lets nobody in, and says so without the info', async (_, info) => {
    const rule = answering(info);
    expect(await rule.authorize(request)).toEqual({ isAllowed: false });
    expect(capture.codes()).toEqual(['channel.rule-failed']);
    expect(capture.everything).toContain('The rule of "private-board.{boardId}"');
    expect(capture.everything).not.toContain(SECRET);
  });

  it.each([
    [
      'at once',
      () => {
        throw new Error(SECRET);
      },
    ],
    ['later', () => Promise.reject(new Error(SECRET))],
    ['nothing that is an error', () => Promise.reject(SECRET as unknown as Error)],
  ])('that throws, %s, lets nobody in or publish, and tells where but not what', async (_, fail) => {
    const rule = declare('news', { authorize: fail, publish: fail });
    expect(await rule.authorize(request)).toEqual({ isAllowed: false });
    expect(capture.codes()).toEqual(['channel.rule-failed']);
    await clock.advance(10_000);
    expect(await rule.mayPublish(publishRequest)).toBe(false);
    expect(capture.codes()).toEqual(['channel.rule-failed', 'channel.rule-failed']);
    expect(capture.everything).not.toContain(SECRET);
  });

  it('that goes on failing is told of once in ten seconds, whatever the clock is set to', async () => {
    const rule = declare('news', { authorize: () => Promise.reject(new Error('down')) });
    const other = declare('offers', { authorize: () => Promise.reject(new Error('down')) });
    for (let again = 0; again < 5; again++) await rule.authorize(request);
    expect(capture.lines).toHaveLength(1);
    await other.authorize(request);
    expect(capture.lines).toHaveLength(2);
    clock.setBy(-3_600_000);
    await clock.advance(9_999);
    await rule.authorize(request);
    expect(capture.lines).toHaveLength(2);
    await clock.advance(1);
    await rule.authorize(request);
    expect(capture.lines).toHaveLength(3);
  });

  it('that gives no answer lets nobody in once its time is up, and does not refuse them for good', async () => {
    const never = () => new Promise<boolean>(() => undefined);
    const rule = declare('news', { authorize: never, publish: never });
    const answers = Promise.allSettled([rule.authorize(request), rule.mayPublish(publishRequest)]);
    let isAnswered = false;
    void answers.then(() => (isAnswered = true));
    await clock.advance(RULE_TIMEOUT_MS - 1);
    expect(isAnswered).toBe(false);
    await clock.advance(1);
    for (const answer of await answers) expect(answer).toMatchObject({ reason: { wireCode: 'unavailable' } });
    expect(capture.everything).toContain(`gave no answer within ${RULE_TIMEOUT_MS} ms`);
  });

  it.each([
    ['503', new ConnectionRefusedError(503)],
    ['429 of Nest', new HttpException('Too many', 429)],
    ['that the store is away', new StoreUnavailableError('find connections')],
  ])('that says %s does not refuse for good, and is no failure', async (_, error) => {
    const rule = declare('news', { authorize: () => Promise.reject(error) });
    await expect(rule.authorize(request)).rejects.toMatchObject({ wireCode: 'unavailable' });
    expect(capture.lines).toEqual([]);
  });

  it('that says 403 refuses', async () => {
    const rule = declare('news', { authorize: () => Promise.reject(new ConnectionRefusedError(403)) });
    expect(await rule.authorize(request)).toEqual({ isAllowed: false });
  });

  it('that answers leaves no timer behind', async () => {
    await answering(true).authorize(request);
    expect(clock.pending).toBe(0);
  });

  it.each([
    [true, true],
    [false, false],
    [() => true, true],
    [() => Promise.resolve(true), true],
    [() => false, false],
    [() => ({}) as boolean, false],
    [() => 'yes' as unknown as boolean, false],
  ])('with publish %p lets publish: %p', async (publish, expected) => {
    expect(await declare('news', { publish }).mayPublish(publishRequest)).toBe(expected);
  });
});
