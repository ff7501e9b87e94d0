/**
 * Clients that come, join, talk, leave and go in every way, against a gateway in a process of its own: nothing of them is left. Some of them in the
 * suite; all 200,000 with
 *
 *     npm run build && HOSTILE=full npm run test:only -- test/hostile/churn.spec.ts
 */
import { afterEach, describe, expect, it } from '@jest/globals';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { close, text } from '../support/frames.js';
import { attackers, countOf, endGatewayProcesses, GatewayProcess, report } from '../support/gateway-process.js';
import { describeWithRedis, RedisServer } from '../support/redis.server.js';
import { connectTestClient, lifetimesOf, type TestRedisClient } from '../support/redis.keys.js';
import { WireClient } from '../support/wire-client.js';
import type { EmbeddedGatewayOptions } from '../../src/index.js';

const AT_ONCE = 50;
const MINUTE_MS = 60_000;
const CHANNELS = 20;

const GATEWAY: EmbeddedGatewayOptions = {
  path: '/ws',
  routeResponses: ['ping', 'join', 'leave', 'tell'],
  compression: true,
};

afterEach(endGatewayProcesses);

type Departure = (client: WireClient) => unknown;

const departures: readonly Departure[] = [
  (client) => client.write(close(1000)),
  (client) => client.write(close(1001, 'leaving')),
  (client) => client.socket.end(),
  (client) => client.socket.destroy(),
  (client) => client.reset(),
  async (client) => {
    await client.write(text(action('kick')));
    expect(await client.closeFrames.next()).toBe(4000);
    await client.write(close(4000));
  },
  (client) => client.write(Uint8Array.of(0xff, 0xff)),
  // In the middle of a message, and while the gateway handles one.
  (client) => client.write(text('never whole', false)).then(() => client.socket.destroy()),
  (client) => client.write(text(action('tell', 0))).then(() => client.reset()),
];

function action(name: string, channel = 0): string {
  return JSON.stringify({ action: name, channel: `channel-${channel % CHANNELS}` });
}

/** One life: every seventh client goes before it has joined, every third without leaving its channel. */
async function live(port: number, turn: number): Promise<void> {
  const headers: Record<string, string> = turn % 2 === 0 ? { 'Sec-WebSocket-Extensions': 'permessage-deflate' } : {};
  const client = await WireClient.open(port, headers);
  if (turn % 7 !== 0) {
    await client.write(text(action('join', turn)));
    await client.texts.until(1);
    await client.write(Buffer.concat([text(action('tell', turn)), text(JSON.stringify({ action: 'ping' }))]));
    if (turn % 3 !== 0) await client.write(text(action('leave', turn)));
    await client.texts.until(3);
  }
  await departures[turn % departures.length]!(client);
  await client.closed;
  expect(client.offences).toEqual([]);
}

async function churn(port: number, count: number): Promise<void> {
  let left = count;
  const liveInTurn = async (): Promise<void> => {
    while (left > 0) {
      await live(port, left--);
      await nextTurn();
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, liveInTurn));
}

describe('connections that come and go', () => {
  const servers = [
    ['a port of the gateway’s own', { ...GATEWAY, port: 0 }],
    ['the server of the application', GATEWAY],
  ] as const;
  it.each(servers)(
    'leave no timer, listener, socket, entry or memory behind, on %s',
    async (_, options) => {
      const count = attackers(800, 100_000);
      const gateway = await GatewayProcess.start({ gateway: options });
      await churn(gateway.port, count / 4);
      const before = await gateway.restingLevels();
      await churn(gateway.port, count);
      const after = await gateway.levelsLike(before);
      report('connections', count, { before, after });
      expect(after.state).toEqual({ connections: 0, channels: 0 });
      expect(countOf(after)).toEqual(countOf(before));
      // What is compiled meanwhile is paid once, and the store remembers for a minute whom it removed: far less than a connection takes.
      expect(after.memory.heapUsed - before.memory.heapUsed).toBeLessThan(3_000_000 + 100 * count);
      expect(after.memory.external - before.memory.external).toBeLessThan(1_000_000);
      expect(gateway.logged).toBe('');
    },
    60 * MINUTE_MS,
  );
});

describeWithRedis('connections that come and go, in Redis', () => {
  it(
    'leave no key behind, and no client of Redis',
    async () => {
      const redis = await RedisServer.start();
      const client = await connectTestClient(redis.url);
      try {
        const gateway = await GatewayProcess.start({ gateway: { ...GATEWAY, port: 0 }, redis: { url: redis.url } });
        await churn(gateway.port, 100);
        const before = await gateway.restingLevels();
        await churn(gateway.port, attackers(200, 20_000));
        const after = await gateway.levelsLike(before);
        expect(countOf(after)).toEqual(countOf(before));
        // The gateway itself is a node until it ends.
        expect((await lastingKeys(client)).filter((key) => !key.startsWith('websocket:nodes'))).toEqual([]);
        await endGatewayProcesses();
        expect((await client.clientList()).length).toBe(1);
      } finally {
        client.destroy();
        await redis.kill();
      }
    },
    20 * MINUTE_MS,
  );
});

/** The keys but for those that tell for a while that a connection is gone. */
async function lastingKeys(client: TestRedisClient): Promise<string[]> {
  const lifetimes = Object.entries(await lifetimesOf(client));
  return lifetimes.filter(([key, ms]) => ms < 0 || !key.includes(':removed:')).map(([key]) => key);
}
