import { expect, it } from '@jest/globals';
import type { Visit } from '../protocol.home.js';

/** `ping`. */
export function alive(visit: Visit): void {
  it('answers a ping', async () => {
    const client = await visit.open();
    const pong = await client.askFor('pong', { action: 'ping', id: '12' });
    expect(pong).toEqual({ type: 'pong', id: '12', timestamp: expect.any(Number) });
    expect(Math.abs(pong.timestamp - Date.now())).toBeLessThan(60_000);
  });
}
