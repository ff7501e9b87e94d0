import { expect, it } from '@jest/globals';
import { Facts } from '../application.facts.js';
import { fresh, type Visit } from '../protocol.home.js';
import { MALFORMED } from '../malformed.js';

/** Refusals. */
export function errors(visit: Visit): void {
  it.each(MALFORMED)('refuses %s', async (_which, message) => {
    const client = await visit.open();
    const text = JSON.stringify(message);
    client.send(text);
    const [refused] = await client.atLeast('error', 1);
    const { action, id } = message as { action: string; id?: unknown };
    expect(refused).toMatchObject({ code: 'bad-request', action, retry: false });
    if (typeof id === 'string' && /^[ -~]{1,64}$/.test(id)) expect(refused!.id).toBe(id);
    else expect(refused).not.toHaveProperty('id');
    await client.settle();
    expect(client.messages.map(({ type }) => type)).toEqual(['error', 'pong']);
    expect(client.others).toEqual([]);
  });

  it('serves others as before while one sends nothing but malformed messages', async () => {
    const channel = fresh('room');
    const [publisher, listener] = await visit.subscribed(channel, 2);
    const hostile = await visit.open();
    for (const [, message] of MALFORMED.slice(0, 30)) hostile.send(message);
    await publisher!.publish(channel, 'all the same');
    await listener!.settle();
    expect(listener!.messages.map(({ type }) => type)).toEqual(['subscribed', 'message', 'pong']);
    await hostile.atLeast('error', 30);
    await hostile.settle();
  });

  it('refuses a message that would be too large for clients, and sends it to nobody', async () => {
    const channel = fresh('room');
    const [publisher, listener] = await visit.subscribed(channel, 2);
    const data = 'ü'.repeat(Facts.maxPayloadBytes / 2);
    const refused = await publisher!.askFor('error', { action: 'publish', channel, data });
    expect(refused).toMatchObject({ action: 'publish', channel, code: 'too-large', retry: false });
    await publisher!.publish(channel, 'ü'.repeat(Facts.maxPayloadBytes / 2 - 300));
    await listener!.settle();
    expect(listener!.all('message')).toHaveLength(1);
  });

  it('refuses a whisper that would be too large', async () => {
    const channel = fresh('presence-hall');
    const [client, other] = await visit.subscribed(channel, 2);
    const data = 'x'.repeat(Facts.maxPayloadBytes);
    expect(await client!.codeOf({ action: 'event', channel, event: 'typing', data })).toBe('too-large');
    await other!.settle();
    expect(other!.all('event')).toEqual([]);
  });

  it('refuses too many requests of one connection, says when it may go on, and serves others', async () => {
    const [client, other] = [await visit.open(), await visit.open()];
    const channel = fresh('room');
    // Where instances of a function count on their own each has a burst.
    const asked = Array.from({ length: 6 * Facts.requestBurst }, (_, index) =>
      client.codeOf({ action: 'subscribe', channel, id: `${index}` }),
    );
    await other.subscribe(channel);
    const codes = await Promise.all(asked);
    expect(codes.filter((code) => code === 'subscribed').length).toBeGreaterThanOrEqual(Facts.requestBurst);
    expect([...new Set(codes)].sort()).toEqual(['rate-limited', 'subscribed']);
    const limited = client.all('error');
    expect(limited.every(({ retry, action }) => retry && action === 'subscribe')).toBe(true);
    const waits = limited.map(({ retryAfterMs }) => retryAfterMs);
    expect(waits.every((wait) => wait === undefined || (wait > 0 && wait <= 10_000))).toBe(true);
    await client.retry('pong', { action: 'ping' });
  });

  it('refuses too many whispers of one connection, and leaves it its requests', async () => {
    const channel = fresh('presence-hall');
    const [client, other] = await visit.subscribed(channel, 2);
    const whisper = { action: 'event', channel, event: 'typing' };
    for (let index = 0; index < 6 * Facts.whispersPerSecond; index++) client!.send(whisper);
    const [refused] = await client!.atLeast('error', 1);
    expect(refused).toMatchObject({ code: 'rate-limited', action: 'event', channel, retry: true });
    expect(await client!.codeOf({ action: 'subscribe', channel })).toBe('subscribed');
    await other!.atLeast('event', Facts.whispersPerSecond);
  });
}
