import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { DeliveryAttempt } from '../../src/contracts/connection.transport.js';
import { decodeMessage, encodeReply, encodeRequest } from '../../src/transports/cluster/bus.message.js';

const line = (header: unknown, payload = ''): Buffer => Buffer.from(`${JSON.stringify(header)}\n${payload}`);
const SEND = { v: 1, id: 'r-1', from: 'node-1', type: 'send', ids: ['A='] };

describe('a message of the bus', () => {
  it('is what was sent, byte by byte', () => {
    fc.assert(
      fc.property(
        fc.uint8Array(),
        fc.array(fc.string({ minLength: 1, maxLength: 128 }), { minLength: 1 }),
        (payload, ids) => {
          const message = decodeMessage(encodeRequest('r-1', 'node-1', { type: 'send', ids, payload }));
          expect(message).toMatchObject({ kind: 'request', id: 'r-1', from: 'node-1', request: { type: 'send', ids } });
          const { request } = message as { request: { payload: Uint8Array } };
          expect(Buffer.compare(request.payload, payload)).toBe(0);
        },
      ),
    );
  });

  it('has the outcomes by position, and one for all where all are the same', () => {
    const mixed: DeliveryAttempt[] = [
      { status: 'delivered' },
      { status: 'gone', reason: 'gone' },
      { status: 'delivered' },
      { status: 'throttled', reason: 'slow-consumer' },
    ];
    expect(decodeMessage(encodeReply('r-1', 'n', mixed))).toEqual({
      kind: 'reply',
      id: 'r-1',
      from: 'n',
      outcomes: mixed,
    });
    const same = Array.from({ length: 2_048 }, (): DeliveryAttempt => ({ status: 'delivered' }));
    const bytes = encodeReply('r-1', 'n', same);
    expect(bytes.byteLength).toBeLessThan(100);
    expect(decodeMessage(bytes)).toMatchObject({ outcomes: [{ status: 'delivered' }] });
  });

  it.each([
    ['nothing', Buffer.alloc(0)],
    ['no line', Buffer.from('{}')],
    ['no JSON', Buffer.from('hello\n')],
    ['bytes that are no text', Buffer.from([0x7b, 0xff, 0x7d, 0x0a])],
    ['an array', line([])],
    ['null', line(null)],
    ['no version', line({ ...SEND, v: undefined })],
    ['a version that is no number', line({ ...SEND, v: '1' })],
    ['no sender', line({ ...SEND, from: undefined })],
    ['a sender that is another topic', line({ ...SEND, from: 'x:nodes' })],
    ['an id that is an object', line({ ...SEND, id: {} })],
    ['no recipients', line({ ...SEND, ids: [] })],
    ['recipients that are no texts', line({ ...SEND, ids: [1] })],
    ['recipients that are too long', line({ ...SEND, ids: ['x'.repeat(129)] })],
    ['too many recipients', line({ ...SEND, ids: Array.from({ length: 2_049 }, () => 'A=') })],
    ['an unknown type', line({ ...SEND, type: 'eval' })],
    ['a prototype', Buffer.from('{"v":1,"id":"r","from":"n","type":"__proto__","ids":["A="]}\n')],
    ['a code that no close frame may have', line({ ...SEND, type: 'close', code: 1006, reason: '' })],
    ['a reason that no close frame has room for', line({ ...SEND, type: 'close', code: 1000, reason: 'ü'.repeat(62) })],
    ['a reply without outcomes', line({ ...SEND, type: 'reply', table: [], by: '' })],
    ['a reply with an unknown status', line({ ...SEND, type: 'reply', table: [['fine', '']], by: '0' })],
    ['a reply that points outside its table', line({ ...SEND, type: 'reply', table: [['delivered', '']], by: '01' })],
    ['a reply with a reason that is a text', line({ ...SEND, type: 'reply', table: [['failed', 'a b\n']], by: '0' })],
    ['a reply that points nowhere', line({ ...SEND, type: 'reply', table: [['delivered', '']], by: '-' })],
  ])('is refused when it is %s', (_, bytes) => {
    expect(decodeMessage(bytes)).toBe('malformed');
  });

  it('is left alone when it is of another version', () => {
    expect(decodeMessage(line({ ...SEND, v: 2 }))).toBe('version');
  });

  it('never throws, whatever comes in', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array({ maxLength: 300 }),
          fc.json().map((text) => Buffer.from(`${text}\n`)),
        ),
        (bytes) => {
          expect(['malformed', 'version']).toContain(decodeMessage(bytes));
        },
      ),
      { numRuns: 2_000 },
    );
  });
});
