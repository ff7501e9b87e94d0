import { afterEach, describe, expect, it } from '@jest/globals';
import { startApplication, stopApplications } from '../support/application.js';
import { connect, newConnectionId } from '../support/events.js';
import { ManualClock } from '../support/manual.clock.js';
import { testCredentials } from '../support/management-api-client.js';
import { ManagementApiServer, stopManagementApis } from '../support/management-api-server.js';

afterEach(stopApplications);
afterEach(stopManagementApis);

describe('fanout.requestsPerSecond', () => {
  it('bounds the requests of all broadcasts of a process together, and every attempt counts', async () => {
    const clock = new ManualClock();
    let throttled = 0;
    const api = await ManagementApiServer.start(() => (throttled++ < 5 ? 429 : 200));
    const { manager } = await startApplication({
      options: { credentials: testCredentials, clock, fanout: { requestsPerSecond: 20 } },
    });
    const connectionIds: string[] = [];
    for (let index = 0; index < 30; index++) {
      const connectionId = newConnectionId();
      connectionIds.push(connectionId);
      await manager.handle(connect({ connectionId }), { endpoint: api.endpoint() });
    }
    const startedAt = clock.now();
    const sends = [manager.except().send('x'), manager.sendToConnections(connectionIds, 'y')];
    let isDone = false;
    void Promise.all(sends).then(() => (isDone = true));
    while (!isDone) {
      await clock.advance(10);
      // A burst of 100 ms' worth, then the rate.
      expect(api.requests.all.length).toBeLessThanOrEqual(2 + (20 * (clock.now() - startedAt)) / 1_000);
    }
    expect(await sends[0]).toMatchObject({ delivered: 30 });
    expect(api.requests.all).toHaveLength(65);
  });

  it('does not count messages to sockets of this process', async () => {
    const clock = new ManualClock();
    const { manager } = await startApplication({ options: { clock, fanout: { requestsPerSecond: 1 } } });
    for (let index = 0; index < 10; index++) {
      await manager.handle(connect({ connectionId: newConnectionId() }), { endpoint: 'local:elsewhere' });
    }
    // Nobody waits for the clock, which stands still.
    expect(await manager.except().send('x')).toMatchObject({ failed: 10 });
  });
});
