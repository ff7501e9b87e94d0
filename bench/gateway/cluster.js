import { performance } from 'node:perf_hooks';
import { RedisServer } from '../state/redis-server.js';
import { CHANNEL, OURS } from './arms/arms.js';
import { broadcastKey } from './broadcasts.js';
import { Stand, startClients, startServer } from './stand.js';

/** How many recipients make one figure. */
const RECIPIENTS = 10_000;

/** Recipients that each number of nodes warms up with. */
const WARM_UP = 60_000;

/** What the header of a message on the bus begins with. */
const OPENING = '{'.charCodeAt(0);

export const NODES = [1, 3];

/** Measures a message to the same number of clients on one node and over three, which share one Redis with state and bus. */
export async function measureCluster({ count }, { sizes, rounds, samples }) {
  const redis = await RedisServer.start();
  const clusters = [];
  try {
    for (const nodes of NODES) clusters.push(await Cluster.start(nodes, redis));
    for (const cluster of clusters) await cluster.open(count);
    for (const sizeBytes of sizes) {
      const key = broadcastKey({ count, sizeBytes, isCompressed: false });
      for (const cluster of clusters) await cluster.sendOften(sizeBytes, WARM_UP / count);
      for (let round = 0; round < rounds; round++) {
        for (let index = 0; index < clusters.length; index++) {
          const cluster = clusters[(round + index) % clusters.length];
          samples.add(cluster.nodes.length, key, round, {
            ...(await cluster.sendOften(sizeBytes, RECIPIENTS / count)),
            ...(await cluster.countMessages(sizeBytes)),
          });
        }
      }
    }
  } finally {
    for (const cluster of clusters) await cluster.stop();
    await redis.stop();
  }
}

/** Nodes with a process each on the one core, and their clients, in one process on the other. */
class Cluster {
  static async start(size, redis) {
    const keyPrefix = `of-${size}:`;
    const setup = { isInRoom: true, state: { redis: { url: redis.url }, keyPrefix } };
    const nodes = [];
    for (let node = 0; node < size; node++) nodes.push(await startServer(OURS, setup));
    return new Cluster(nodes, await startClients(), redis, keyPrefix);
  }

  constructor(nodes, clients, redis, keyPrefix) {
    Object.assign(this, { nodes, clients, redis, keyPrefix });
  }

  async open(count) {
    this.count = count;
    for (const [index, node] of this.nodes.entries()) {
      const share = Math.floor((count + index) / this.nodes.length);
      await this.clients.ask({ ask: 'open', count: share, ...Stand.addressOf(node) });
    }
    for (const node of this.nodes) await node.ask({ ask: 'ready', count });
  }

  /** One node sends to everyone, so many times; the next message goes out when every byte of the last one has arrived. */
  async sendOften(sizeBytes, often) {
    const times = Math.max(1, Math.round(often));
    const [redisBefore, before] = [await this.redis.cpuUs(), await this.#cpuUs()];
    let elapsedMs = 0;
    for (let time = 0; time < times; time++) elapsedMs += await this.#send(sizeBytes);
    const [cpuUs, redisCpuUs] = [(await this.#cpuUs()) - before, (await this.redis.cpuUs()) - redisBefore];
    const recipients = times * this.count;
    return {
      cpuUs: cpuUs / recipients,
      redisCpuUs: redisCpuUs / recipients,
      perSecond: (recipients / elapsedMs) * 1_000,
    };
  }

  /** What crosses the bus for one broadcast: requests, and the answers to them. */
  async countMessages(sizeBytes) {
    const listener = await this.redis.connect();
    const messages = { request: 0, answer: 0 };
    await listener.pSubscribe(
      `${this.keyPrefix}node:*`,
      (bytes) => {
        if (bytes[0] !== OPENING) return;
        const { type } = JSON.parse(bytes.subarray(0, bytes.indexOf('\n')).toString());
        messages[type === 'reply' ? 'answer' : 'request']++;
      },
      true,
    );
    await this.#send(sizeBytes);
    // What was published before has been passed on when this is answered.
    await listener.ping();
    await listener.pUnsubscribe();
    return { requests: messages.request, answers: messages.answer };
  }

  async stop() {
    await Promise.all([this.clients, ...this.nodes].map((child) => child.stop()));
  }

  async #send(sizeBytes) {
    const start = performance.now();
    await this.nodes[0].ask({ ask: 'send', call: CHANNEL, sizeBytes });
    // A text frame from a server has 4 bytes before a payload of these sizes.
    await this.clients.ask({ ask: 'expect', bytes: this.count * (sizeBytes + 4) });
    return performance.now() - start;
  }

  async #cpuUs() {
    const each = await Promise.all(this.nodes.map((node) => node.ask({ ask: 'cpu' })));
    return each.reduce((sum, { cpuUs }) => sum + cpuUs, 0);
  }
}
