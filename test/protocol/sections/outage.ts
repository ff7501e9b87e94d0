import { expect, it } from '@jest/globals';
import { fresh, type Visit } from '../protocol.home.js';

/** A store that does not answer. */
export function outage(visit: Visit): void {
  it('says that the store does not answer, and that trying again may help', async () => {
    const channel = fresh('room');
    const [client] = await visit.subscribed(channel, 1);
    await visit.inOutage(async () => {
      const refused = await client!.askFor('error', { action: 'publish', channel, data: 1, id: 'outage' });
      expect(refused).toMatchObject({ action: 'publish', channel, code: 'unavailable', retry: true });
    });
    await client!.retry('published', { action: 'publish', channel, data: 1, id: 'outage' });
  });
}
