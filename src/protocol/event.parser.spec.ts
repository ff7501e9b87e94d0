import { describe, expect, it } from '@jest/globals';
import { MalformedEventError } from '../errors/malformed-event.error.js';
import { parseEvent } from './event.parser.js';

const limits = { maxBytes: 100, maxDepth: 5 };
const context = { connectionId: 'abc=', routeKey: '$default', eventType: 'MESSAGE' };
const messageOf = (event: object): unknown => {
  const parsed = parseEvent({ requestContext: context, ...event }, limits);
  return parsed.type === 'MESSAGE' ? parsed.message : undefined;
};

function refusalOf(event: unknown): MalformedEventError {
  try {
    parseEvent(event, limits);
  } catch (error) {
    if (error instanceof MalformedEventError) return error;
    throw error;
  }
  throw new Error('The event was accepted.');
}

describe('parseEvent', () => {
  it.each([
    ['CONNECT', '$connect', 'CONNECT'],
    ['MESSAGE', 'chat', 'MESSAGE'],
    ['DISCONNECT', '$disconnect', 'DISCONNECT'],
    [undefined, '$connect', 'CONNECT'],
    [null, '$disconnect', 'DISCONNECT'],
    ['', '$default', 'MESSAGE'],
    ['MESSAGE', '$connect', 'MESSAGE'],
  ])('tells an event of type %s on %s to be %s', (eventType, routeKey, type) => {
    expect(parseEvent({ requestContext: { ...context, eventType, routeKey } }, limits).type).toBe(type);
  });

  it.each<[unknown, string]>([
    [undefined, 'expected the event to be an object, got undefined'],
    [null, 'expected the event to be an object, got null'],
    ['{}', 'expected the event to be an object, got string'],
    [[], 'expected the event to be an object, got array'],
    [{}, 'expected requestContext to be an object, got undefined'],
    [{ requestContext: [] }, 'expected requestContext to be an object, got array'],
    [
      { requestContext: {} },
      'expected requestContext.connectionId to be a string of 1 to 128 characters, got undefined',
    ],
    [{ requestContext: { ...context, connectionId: '' } }, 'expected requestContext.connectionId'],
    [{ requestContext: { ...context, connectionId: 7 } }, 'got number'],
    [{ requestContext: { ...context, connectionId: 'x'.repeat(129) } }, 'expected requestContext.connectionId'],
    [{ requestContext: { ...context, connectionId: '\ud800' } }, 'expected requestContext.connectionId'],
    [
      { requestContext: { connectionId: 'abc' } },
      'expected requestContext.routeKey to be a string of 1 to 128 characters, got undefined',
    ],
    [{ requestContext: { ...context, authorizer: { userId: {} } } }, 'expected requestContext.authorizer.userId'],
    [{ requestContext: context, body: {} }, 'expected body to be a string, got object'],
  ])('refuses %j with a reason', (event, reason) => {
    const error = refusalOf(event);
    expect(error.statusCode).toBe(400);
    expect(error.reason).toContain(reason);
  });

  it.each([
    [42, '42'],
    ['42', '42'],
    ['', null],
    [null, null],
    [undefined, null],
    ['__proto__', '__proto__'],
  ])('reads the user id %j as %j', (userId, expected) => {
    expect(parseEvent({ requestContext: { ...context, authorizer: { userId } } }, limits).userId).toBe(expected);
  });

  it.each(['', null, 'text', 7])('takes the authorizer %j of old events for none', (authorizer) => {
    expect(parseEvent({ requestContext: { ...context, authorizer } }, limits).userId).toBeNull();
  });

  it.each([
    ['{"a":1}', { a: 1 }],
    ['[1]', [1]],
    ['"text"', 'text'],
    ['0', 0],
    ['null', null],
    ['', null],
    ['hello', null],
    ['{"a":', null],
    [null, null],
    [undefined, null],
  ])('decodes the body %j to %j', (body, message) => {
    expect(messageOf({ body })).toEqual(message);
  });

  it('decodes base64', () => {
    expect(messageOf({ body: Buffer.from('{"é":1}').toString('base64'), isBase64Encoded: true })).toEqual({ é: 1 });
  });

  it.each([Buffer.from([0xff, 0xfe, 0xc3]).toString('base64'), '!!!', 'a'])(
    'takes %j, which is no UTF-8 in base64, for no JSON',
    (body) => {
      expect(messageOf({ body, isBase64Encoded: true })).toBeNull();
    },
  );

  it('measures the body in bytes of UTF-8', () => {
    expect(messageOf({ body: `"${'é'.repeat(49)}"` })).toBe('é'.repeat(49));
    expect(refusalOf({ requestContext: context, body: `"${'é'.repeat(50)}"` }).statusCode).toBe(413);
    expect(refusalOf({ requestContext: context, body: 'x'.repeat(101) }).statusCode).toBe(413);
    const encoded = Buffer.from(`"${'x'.repeat(99)}"`).toString('base64');
    expect(refusalOf({ requestContext: context, body: encoded, isBase64Encoded: true }).statusCode).toBe(413);
  });

  it('refuses a body that nests too deep, and counts no bracket within a string', () => {
    expect(messageOf({ body: '[[[[[]]]]]' })).toEqual([[[[[]]]]]);
    expect(refusalOf({ requestContext: context, body: '[[[[[[]]]]]]' }).reason).toBe(
      'Expected the body to nest at most 5 levels deep.',
    );
    expect(messageOf({ body: '"[[[[[[[[\\"[[[["' })).toBe('[[[[[[[["[[[[');
    expect(messageOf({ body: 'plain text [[[[[[[[' })).toBeNull();
  });

  it('reads close code and reason', () => {
    const requestContext = {
      ...context,
      eventType: 'DISCONNECT',
      disconnectStatusCode: 1001,
      disconnectReason: 'Going away',
    };
    expect(parseEvent({ requestContext }, limits)).toMatchObject({ code: 1001, reason: 'Going away' });
    const old = { ...context, eventType: 'DISCONNECT', disconnectStatusCode: null, disconnectReason: '' };
    expect(parseEvent({ requestContext: old }, limits)).toMatchObject({ code: null, reason: null });
  });
});
