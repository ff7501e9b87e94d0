import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { InvalidOptionsError } from '../errors/invalid-options.error.js';
import { ChannelPattern, kindOf } from './channel.pattern.js';
import { PatternIndex } from './pattern.index.js';

/** An index in which each pattern stands for itself. */
function indexOf(patterns: readonly string[]): PatternIndex<string> {
  const index = new PatternIndex<string>();
  for (const text of patterns) index.add(ChannelPattern.parse(text, 'test'), text);
  return index;
}

const found = (patterns: readonly string[], name: string) => indexOf(patterns).find(name)?.value ?? null;
const params = (pattern: string, name: string) => {
  const match = indexOf([pattern]).find(name);
  return match === null ? null : { ...match.params };
};

describe('a pattern', () => {
  it.each([
    ['news', 'news', {}],
    ['news', 'new', null],
    ['news', 'news.today', null],
    ['orders.{orderId}', 'orders.7', { orderId: '7' }],
    ['orders.{orderId}', 'orders.', null],
    ['orders.{orderId}', 'orders', null],
    ['orders.{orderId}', 'orders.7.items', null],
    ['orders.{orderId}.items.{item}', 'orders.7.items.8', { orderId: '7', item: '8' }],
    ['presence-room.{roomId}', 'presence-room.12', { roomId: '12' }],
    ['private-{user}', 'private-ada', { user: 'ada' }],
    ['private-{user}-inbox', 'private-ada-inbox', { user: 'ada' }],
    ['private-{user}-inbox', 'private--inbox', null],
    ['dm-{a}-{b}', 'dm-1-2-3', { a: '1', b: '2-3' }],
    ['dm-{a}-{b}', 'dm--1-2', { a: '-1', b: '2' }],
    ['dm-{a}-{b}', 'dm-1-', null],
    ['{a}xy{b}xy', '1xy2xy', { a: '1', b: '2' }],
    ['{a}xy{b}xy', '1xyxy', null],
    ['{name}', 'line\nbreak', { name: 'line\nbreak' }],
    ['{name}', '__proto__', { name: '__proto__' }],
    ['{constructor}', 'x', { constructor: 'x' }],
    ['a..{b}', 'a..c', { b: 'c' }],
    ['chat.{emoji}', 'chat.👩‍🚀', { emoji: '👩‍🚀' }],
    ['$&.{x}', '$&.1', { x: '1' }],
    ['(a+)+', 'aaa', null],
  ])('%j reads %j as %j', (pattern, name, expected) => {
    expect(params(pattern, name)).toEqual(expected);
  });

  it.each([
    ['', 'Expected a text'],
    [7, 'Expected a text'],
    ['a\ud800', 'Expected a text'],
    ['orders.{}', 'Expected each brace'],
    ['orders.{order', 'Expected each brace'],
    ['orders.order}', 'Expected each brace'],
    ['orders.{a.b}', 'Expected each brace'],
    ['orders.{7}', 'Expected each brace'],
    ['orders.{__proto__}', 'Expected each brace'],
    ['orders.{a b}', 'Expected each brace'],
    ['orders.{{a}}', 'Expected each brace'],
    ['{a}{b}', 'Expected a text between two parameters'],
    ['{a}.{a}', 'Expected no two parameters of the same name'],
    ['a'.repeat(201), 'Expected at most the 200 characters'],
  ])('is not %j', (text, message) => {
    expect(() => ChannelPattern.parse(text, 'channels.rules')).toThrow(InvalidOptionsError);
    expect(() => ChannelPattern.parse(text, 'channels.rules')).toThrow(message);
  });

  it('may be as long as a name, not counting the names of its parameters', () => {
    expect(params(`${'a'.repeat(199)}{parameter}`, `${'a'.repeat(199)}b`)).toEqual({ parameter: 'b' });
  });

  it('gives parameters no prototype, and lets nobody change them', () => {
    const match = indexOf(['orders.{id}']).find('orders.7');
    expect(Object.getPrototypeOf(match?.params)).toBeNull();
    expect(Object.isFrozen(match?.params)).toBe(true);
  });
});

describe('the kind of a channel', () => {
  it.each([
    ['news', 'public'],
    ['private-news', 'private'],
    ['presence-news', 'presence'],
    ['private', 'public'],
    ['Private-news', 'public'],
    ['news.private-x', 'public'],
  ])('of %j is %s', (name, kind) => {
    expect(kindOf(name)).toBe(kind);
  });

  it.each(['{name}', 'p{name}', 'private{name}', 'pr{a}-{b}'])(
    'keeps %j from private and presence channels, whose rule would let everybody in',
    (pattern) => {
      expect(found([pattern], 'private-news')).toBeNull();
      expect(found([pattern], 'presence-news')).toBeNull();
    },
  );
});

describe('of several patterns', () => {
  it.each([
    [['orders.{id}', 'orders.new'], 'orders.new', 'orders.new'],
    [['orders.{id}', 'orders.new'], 'orders.old', 'orders.{id}'],
    [['{a}.items', 'orders.{b}'], 'orders.items', 'orders.{b}'],
    [['{a}.{b}', '{a}.items'], 'orders.items', '{a}.items'],
    [['o{a}', '{a}'], 'orders', 'o{a}'],
    [['or{a}', 'o{a}'], 'orders', 'or{a}'],
    [['{a}', '{a}s'], 'orders', '{a}s'],
    [['{a}-{b}', '{a}-to-{b}'], '1-to-2', '{a}-to-{b}'],
    [['{a}-{b}', '{a}-to-{b}'], '1-2', '{a}-{b}'],
    [['{a}', '{a}x{b}'], '1x2', '{a}x{b}'],
    [['{a}b{c}.foo', '{a}c{d}.{e}'], '1b2c3.foo', '{a}b{c}.foo'],
    [['{a}b{c}.foo', '{a}c{d}.{e}'], '1b2c3.bar', '{a}c{d}.{e}'],
  ])('%j, for %j, the most specific counts: %j', (patterns, name, expected) => {
    expect(found(patterns, name)).toBe(expected);
    expect(found([...patterns].reverse(), name)).toBe(expected);
  });

  it.each([
    ['orders.{a}', 'orders.{b}', true],
    ['news', 'news', true],
    ['{a}b{c}', '{a}c{b}', true],
    ['orders.{a}', 'users.{a}', false],
    ['{a}-x', '{a}-y', false],
    ['{a}b{c}.foo', '{a}c{b}.bar', false],
    ['{a}', 'private-{a}', false],
  ])('%j and %j cannot be told apart: %j', (one, other, isRival) => {
    expect(indexOf([one]).rivalOf(ChannelPattern.parse(other, 'test'))).toBe(isRival ? one : undefined);
  });
});

describe('the index of patterns', () => {
  /** What a pattern means, said with an expression: lazy, so that parameters further left get as few characters as possible. */
  function expressionOf(pattern: string): RegExp {
    const source = pattern
      .split(/(\{\w+\})/)
      .map((piece) => (/^\{\w+\}$/.test(piece) ? `(?<${piece.slice(1, -1)}>[^.]+?)` : piece.replace(/[^\w]/g, '\\$&')))
      .join('');
    return new RegExp(`^${source}$`, 's');
  }

  const literal = fc.stringMatching(/^[ab-]{1,3}$/);
  const segment = fc.oneof(
    literal,
    fc.constant('{?}'),
    fc.tuple(fc.constantFrom('', 'a', 'private-', 'b'), fc.constantFrom('', 'b', 'ab')).map(([p, s]) => `${p}{?}${s}`),
    fc.tuple(literal, fc.constantFrom('', 'a')).map(([middle, end]) => `{?}${middle}{?}${end}`),
  );
  const pattern = fc.array(segment, { minLength: 1, maxLength: 3 }).map((segments) => {
    let parameters = 0;
    return segments.join('.').replaceAll('?', () => `p${parameters++}`);
  });
  const hostile = fc.constantFrom(
    '__proto__',
    'constructor.__proto__',
    'a'.repeat(200),
    '.'.repeat(200),
    'ab'.repeat(100),
    '\n',
    'a.\u0000',
    '👩‍🚀.a',
    'private-',
    'presence-.a',
  );
  const name = fc.oneof(
    fc.stringMatching(/^[ab.-]{1,12}$/),
    fc.stringMatching(/^private-[ab.-]{0,8}$/),
    fc.string({ unit: 'grapheme', minLength: 1, maxLength: 60 }),
    hostile,
  );

  it('finds just the patterns of the name’s kind that match it, with the parameters that they mean', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(pattern, { maxLength: 12 }),
        fc.array(name, { minLength: 1, maxLength: 8 }),
        (patterns, names) => {
          const index = indexOf(patterns);
          for (const each of names) {
            const expected = patterns
              .filter((text) => kindOf(/^[^{]*/.exec(text)?.[0] ?? '') === kindOf(each))
              .flatMap((text) => {
                const match = expressionOf(text).exec(each);
                return match === null ? [] : [[text, { ...match.groups }]];
              });
            const got = [...index.matches(each)].map(({ value, params: read }) => [value, { ...read }]);
            expect(got).toHaveLength(expected.length);
            expect(got).toEqual(expect.arrayContaining(expected));
          }
        },
      ),
      { numRuns: 500 },
    );
  });

  it('finds the same one whatever the order in which patterns were added, as long as they can be told apart', () => {
    fc.assert(
      fc.property(fc.uniqueArray(pattern, { maxLength: 8 }), name, (patterns, each) => {
        const kept: string[] = [];
        for (const text of patterns) {
          if (indexOf(kept).rivalOf(ChannelPattern.parse(text, 'test')) === undefined) kept.push(text);
        }
        expect(found([...kept].reverse(), each)).toBe(found(kept, each));
      }),
      { numRuns: 500 },
    );
  });

  it('looks only at the patterns that have the literals of the name, however many have the same shape', () => {
    let asked = 0;
    const index = new PatternIndex<number>();
    for (let each = 0; each < 10_000; each++) {
      const parsed = ChannelPattern.parse(`topic-${String(each).padStart(5, '0')}-{user}.{id}`, 'test');
      const read = parsed.read.bind(parsed);
      parsed.read = (parts) => {
        asked++;
        return read(parts);
      };
      index.add(parsed, each);
    }
    expect(index.find('topic-07777-ada.12')?.value).toBe(7_777);
    expect(index.find('topic-99999-ada.12')).toBeNull();
    expect(asked).toBe(1);
  });

  it('does not go through a name again and again to see that it does not match', () => {
    const pattern = `${Array.from({ length: 30 }, (_, at) => `{p${at}}a`).join('')}c{last}`;
    expect(params(pattern, 'a'.repeat(200))).toBeNull();
    expect(params(pattern, `${'a'.repeat(197)}acx`)).toMatchObject({ p0: 'a', last: 'x' });
  });
});
