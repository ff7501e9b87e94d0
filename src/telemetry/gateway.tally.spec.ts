import { describe, expect, it } from '@jest/globals';
import { GatewayTally } from './gateway.tally.js';
import { classOfCode, statusLabel } from './metric.labels.js';

describe('a tally', () => {
  it('gives labels of their own to so many routes, and one to all others', () => {
    const tally = new GatewayTally();
    for (let route = 0; route < 500; route++) tally.handled('c', `route-${route}`, 200, 1);
    expect(tally.routes.size).toBe(201);
    expect(tally.routes.get('other')?.results).toMatchObject({ ok: 300, unrouted: 0 });
  });

  it('tells apart what was done, refused, failed and given up', () => {
    const tally = new GatewayTally();
    for (const status of [200, 201, 400, 403, 413, 429, 500, 503, 504]) tally.handled('c', 'chat', status, 1);
    tally.handled('c', null, 403, 0);
    expect(tally.routes.get('chat')?.results).toEqual({ ok: 2, refused: 4, failed: 2, timeout: 1, unrouted: 0 });
    expect(tally.routes.get('other')?.results).toEqual({ ok: 0, refused: 0, failed: 0, timeout: 0, unrouted: 1 });
  });

  it('is not led astray by a clock that is set back', () => {
    const tally = new GatewayTally();
    tally.handled('c', 'chat', 200, -5_000);
    expect(tally.routes.get('chat')?.durations.snapshot()).toMatchObject({ sumMs: 0 });
  });
});

describe('labels', () => {
  it.each([
    [1000, 'normal'],
    [1001, 'going-away'],
    [1002, 'protocol'],
    [1003, 'protocol'],
    [1005, 'normal'],
    [1006, 'lost'],
    [1007, 'protocol'],
    [1008, 'policy'],
    [1009, 'too-big'],
    [1010, 'protocol'],
    [1011, 'server'],
    [1012, 'server'],
    [1013, 'server'],
    [1014, 'server'],
    [3000, 'application'],
    [4999, 'application'],
    [1004, 'other'],
    [1015, 'other'],
    [0, 'other'],
    [5000, 'other'],
    [NaN, 'other'],
  ])('put the close code %d into the class %s', (code, expected) => {
    expect(classOfCode(code)).toBe(expected);
  });

  it('are no statuses that nobody expects', () => {
    expect([401, 503, 299, 418, NaN].map(statusLabel)).toEqual(['401', '503', 'other', 'other', 'other']);
  });
});
