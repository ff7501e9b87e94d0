import { afterEach, expect, it } from '@jest/globals';
import { WebSocket } from 'ws';
import { WebSocketClient, type ClientClock, type Gap } from '../../src/client/index.js';
import type { WebSocketModuleOptions } from '../../src/index.js';
import { eventually, nodeApp, type TestNode } from '../support/cluster.js';
import { closeGatewayApps } from '../support/gateway-app.js';
import { describeWithRedis } from '../support/redis.server.js';
import { useRedis } from '../support/shared.redis.js';
import { CutProxy } from './cut.proxy.js';
import { statusOf } from './scripted.server.js';

const CUTS = Number(process.env['CUTS'] ?? 1_000);
const SEED = Number(process.env['SEED'] ?? Math.floor(Math.random() * 2 ** 31));

/** Time passes so much faster for the client. */
const SPEED = 25;

class FastClock implements ClientClock {
  jumpedMs = 0;

  now(): number {
    return Date.now() * SPEED + this.jumpedMs;
  }

  after(delayMs: number, task: () => void): () => void {
    const timer = setTimeout(task, delayMs / SPEED);
    return () => clearTimeout(timer);
  }
}

/** Mulberry32: the same numbers for the same seed. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

describeWithRedis('a client that is cut off again and again', () => {
  const redis = useRedis({ isEmptied: true });
  const clients: WebSocketClient[] = [];
  const proxies: CutProxy[] = [];

  afterEach(async () => {
    for (const client of clients.splice(0)) client.close();
    await Promise.all(proxies.splice(0).map((proxy) => proxy.stop()));
    await closeGatewayApps();
  });

  const start = (port: number): Promise<TestNode> => {
    const options: WebSocketModuleOptions = {
      redis: { url: redis.url },
      channels: {
        rules: { 'log.{name}': { publish: true, persistent: { maxMessages: 5_000 } } },
        requestsPerSecond: 10_000,
        maxRecovered: 5_000,
      },
    };
    return nodeApp(options, (app) => app.gateway({ port }));
  };

  const clientOf = (urls: readonly string[], clock: ClientClock, random: () => number): WebSocketClient => {
    const client = new WebSocketClient({
      urls,
      WebSocket,
      clock,
      random,
      pingSeconds: 1,
      requestTimeoutMs: 60_000 * SPEED,
      reconnect: { minDelayMs: 20, maxDelayMs: 100 },
    });
    clients.push(client);
    client.connect();
    return client;
  };

  it(`shows every message of a recoverable channel once and in order (SEED=${SEED})`, async () => {
    const random = randomOf(SEED);
    const [stable, first] = await Promise.all([start(0), start(0)]);
    const { port } = first;
    let unstable = first;
    const proxy = await CutProxy.start(() => (random() < 0.5 ? port : stable.port));
    proxies.push(proxy);

    const clock = new FastClock();
    const client = clientOf([`${proxy.url}/ws?a`, `${proxy.url}/ws?b`], clock, random);
    const shown: { readonly data: unknown; readonly offset: number | undefined; readonly id: string }[] = [];
    const gaps: Gap[] = [];
    const log = client.subscribe('log.1');
    log.onMessage(({ data, offset, id }) => shown.push({ data, offset, id }));
    log.onGap((gap) => gaps.push(gap));
    await log.ready;

    const published: string[] = [];
    let isDone = false;
    const publisher = clientOf([stable.url], new FastClock(), random).subscribe('log.1', { history: 0 });
    const publishing = (async () => {
      for (let count = 0; !isDone; count++) {
        await publisher.publish(`other ${count}`);
        published.push(`other ${count}`);
      }
    })();
    const own: Promise<unknown>[] = [];

    for (let cut = 0; cut < CUTS; cut++) {
      await proxy.pieces(1 + Math.floor(random() * 5));
      if (cut % 20 === 0) {
        published.push(`own ${cut}`);
        own.push(log.publish(`own ${cut}`));
      }
      const kind = random();
      if (kind < 0.008) {
        await statusOf(client, 'connected');
        proxy.swallow();
        await statusOf(client, 'reconnecting');
      } else if (kind < 0.1) {
        clock.jumpedMs += (random() - 0.5) * 86_400_000;
        proxy.cut();
      } else if (cut % 300 === 299) {
        await unstable.app.close();
        unstable = await start(port);
      } else {
        proxy.cut();
      }
    }
    await Promise.all(own);
    isDone = true;
    await publishing;
    await eventually(() => shown.length >= published.length, 'the last messages');

    expect(gaps).toEqual([]);
    expect(shown.map(({ offset }) => offset)).toEqual(published.map((_, index) => index + 1));
    expect(shown.map(({ data }) => data).sort()).toEqual([...published].sort());
    expect(new Set(shown.map(({ id }) => id)).size).toBe(shown.length);
  }, 120_000);
});
