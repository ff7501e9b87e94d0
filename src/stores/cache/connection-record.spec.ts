import { describe, expect, it } from '@jest/globals';
import { readRecord } from './connection-record.js';

const record = {
  connectionId: 'a',
  connectedAt: 1,
  userId: 'ada',
  routeKey: '$default',
  channels: ['news'],
  endpoint: 'https://abc123.execute-api.eu-west-1.amazonaws.com/production',
  seenAt: 2,
  expiresAt: 3,
};

describe('readRecord', () => {
  it('gives a complete record as it is', () => {
    expect(readRecord('a', record)).toEqual(record);
  });

  it('completes a record that has nothing but an id and a time', () => {
    expect(readRecord('a', { connectionId: 'a', connectedAt: 1 })).toStrictEqual({
      connectionId: 'a',
      connectedAt: 1,
      userId: null,
      routeKey: '$connect',
      channels: [],
      endpoint: null,
    });
  });

  it.each([
    ['the number of a user', { userId: 42 }, { userId: '42' }],
    ['a user that is neither text nor number', { userId: { id: 42 } }, { userId: null }],
    ['a route that is no text', { routeKey: 7 }, { routeKey: '$connect' }],
    ['channels that are no list', { channels: { 0: 'news' } }, { channels: [] }],
    ['a channel that is no text', { channels: ['news', 7, null, 'sport'] }, { channels: ['news', 'sport'] }],
    ['an endpoint that is no text', { endpoint: false }, { endpoint: null }],
    ['times that are no numbers', { seenAt: '2', expiresAt: '3' }, { seenAt: undefined, expiresAt: undefined }],
  ])('replaces %s', (_, wrong, right) => {
    expect(readRecord('a', { ...record, ...wrong })).toEqual({ ...record, ...right });
  });

  it('leaves out what is no part of a record', () => {
    expect(readRecord('a', { ...record, metadata: { theme: 'dark' } })).toEqual(record);
  });

  it.each([
    ['nothing', undefined],
    ['null', null],
    ['text', 'a'],
    ['a list', ['a']],
    ['the record of another', { ...record, connectionId: 'b' }],
    ['a record that does not say since when', { ...record, connectedAt: undefined }],
    ['a record whose time is no number', { ...record, connectedAt: '2026-01-01' }],
  ])('takes %s for no record', (_, value) => {
    expect(readRecord('a', value)).toBeUndefined();
  });
});
