import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { actionOf, headOf, parseClientMessage } from '../../src/channels/wire.parser.js';
import { WireRefusal } from '../../src/channels/wire.refusal.js';
import { CLIENT_ACTIONS } from '../../src/protocol/wire/client.messages.js';

/** What reading a message comes to: the request, or why it is refused. */
function read(message: unknown): unknown {
  const action = actionOf(message);
  if (action === null) return null;
  try {
    return parseClientMessage(message, action);
  } catch (error) {
    if (!(error instanceof WireRefusal)) throw error;
    return `${error.wireCode}: ${error.message}`;
  }
}

describe('reading a message of a client', () => {
  it('takes each action with all its fields, and leaves out what it does not know', () => {
    const position = { epoch: 'e', offset: 0 };
    const messages = [
      { action: 'hello', protocol: 1, id: '1' },
      { action: 'subscribe', channel: 'a' },
      { action: 'subscribe', id: 'x', channel: 'a', data: null, recover: position, history: 0, presence: true },
      { action: 'subscribe', channel: 'a', recover: { offset: 0 } },
      { action: 'unsubscribe', channel: 'a' },
      { action: 'publish', channel: 'a', data: null },
      { action: 'publish', id: '~', channel: 'a', data: { deep: [1] }, event: 'said' },
      { action: 'event', event: 'rooms' },
      { action: 'event', event: 'typing', channel: 'a', data: 1 },
      { action: 'reply', id: 'q' },
      { action: 'reply', id: 'q', data: false },
      { action: 'ping' },
    ];
    for (const message of messages) expect(read({ ...message, unknown: { field: true } })).toEqual(message);
  });

  it('is not for messages with another action, or with none', () => {
    const others = [
      null,
      1,
      'ping',
      [],
      ['ping'],
      {},
      { action: 'chat' },
      { action: ['ping'] },
      { action: null },
      { type: 'ping' },
    ];
    for (const message of others) expect(actionOf(message)).toBeNull();
  });

  it.each([
    [{ action: 'hello' }, 'protocol'],
    [{ action: 'hello', protocol: '1' }, 'protocol'],
    [{ action: 'hello', protocol: 1.5 }, 'protocol'],
    [{ action: 'ping', id: '' }, 'id'],
    [{ action: 'ping', id: 1 }, 'id'],
    [{ action: 'ping', id: null }, 'id'],
    [{ action: 'ping', id: 'x'.repeat(65) }, 'id'],
    [{ action: 'ping', id: 'é' }, 'id'],
    [{ action: 'ping', id: 'a\n' }, 'id'],
    [{ action: 'subscribe' }, 'channel'],
    [{ action: 'subscribe', channel: '' }, 'channel'],
    [{ action: 'subscribe', channel: 7 }, 'channel'],
    [{ action: 'subscribe', channel: ['a'] }, 'channel'],
    [{ action: 'subscribe', channel: 'c'.repeat(201) }, 'channel'],
    [{ action: 'subscribe', channel: '\ud800' }, 'channel'],
    [{ action: 'subscribe', channel: 'a', recover: null }, 'recover'],
    [{ action: 'subscribe', channel: 'a', recover: [] }, 'recover'],
    [{ action: 'subscribe', channel: 'a', recover: { epoch: 'e' } }, 'recover.offset'],
    [{ action: 'subscribe', channel: 'a', recover: { epoch: 'e', offset: -1 } }, 'recover.offset'],
    [{ action: 'subscribe', channel: 'a', recover: { epoch: 'e', offset: 1e300 } }, 'recover.offset'],
    [{ action: 'subscribe', channel: 'a', recover: { epoch: '', offset: 1 } }, 'recover.epoch'],
    [{ action: 'subscribe', channel: 'a', recover: { epoch: 'e'.repeat(65), offset: 1 } }, 'recover.epoch'],
    [{ action: 'subscribe', channel: 'a', history: 101 }, 'history'],
    [{ action: 'subscribe', channel: 'a', history: '1' }, 'history'],
    [{ action: 'subscribe', channel: 'a', presence: 1 }, 'presence'],
    [{ action: 'unsubscribe', channel: {} }, 'channel'],
    [{ action: 'publish', channel: 'a' }, 'data'],
    [{ action: 'publish', data: 1 }, 'channel'],
    [{ action: 'publish', channel: 'a', data: 1, event: '' }, 'event'],
    [{ action: 'publish', channel: 'a', data: 1, event: 'e'.repeat(101) }, 'event'],
    [{ action: 'event' }, 'event'],
    [{ action: 'event', event: 'a', channel: null }, 'channel'],
    [{ action: 'reply' }, 'id'],
  ])('refuses %j for its %s', (message, field) => {
    expect(read(message)).toMatch(new RegExp(`^bad-request: Expected "${field.replace('.', '\\.')}" to be `));
  });

  it('takes nothing from the prototype of a message', () => {
    const hidden = Object.create({ action: 'subscribe', channel: 'a', protocol: 1, id: 'x' }) as object;
    expect(actionOf(hidden)).toBeNull();
    expect(read(Object.assign(Object.create({ channel: 'a', event: 'b' }) as object, { action: 'subscribe' }))).toMatch(
      'channel',
    );
    expect(read(JSON.parse('{"action":"subscribe","__proto__":{"channel":"a"}}'))).toMatch('channel');
  });

  it('throws nothing but refusals, and repeats nothing of the message in them', () => {
    const field = fc.constantFrom(
      'id',
      'channel',
      'event',
      'data',
      'protocol',
      'recover',
      'history',
      'presence',
      'offset',
    );
    const value = fc.oneof(
      fc.jsonValue(),
      fc.string().map((text) => `secret-${text}`),
    );
    fc.assert(
      fc.property(fc.constantFrom(...CLIENT_ACTIONS), fc.dictionary(field, value), (action, fields) => {
        const result = read({ ...fields, action });
        expect(headOf({ ...fields, action }).action).toBe(action);
        if (typeof result === 'string') expect(result).not.toContain('secret');
      }),
    );
  });
});
