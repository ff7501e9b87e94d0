import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectTestClient } from './redis.keys.js';
import { RedisServer } from './redis.server.js';

const SLOTS = 16_384;
const NODES = 3;

/** A Redis Cluster of the test's own: three nodes without replicas that share the slots. */
export class RedisCluster {
  private constructor(
    readonly nodes: readonly RedisServer[],
    private readonly folder: string,
  ) {}

  static async start(): Promise<RedisCluster> {
    const folder = mkdtempSync(join(tmpdir(), 'redis-cluster-'));
    const nodes = await Promise.all(
      Array.from({ length: NODES }, (_, index) =>
        RedisServer.start({
          // What stays of a cluster while one of its nodes is away still serves its own slots.
          arguments: [
            ...['--cluster-enabled', 'yes', '--cluster-config-file', join(folder, `node${index}.conf`)],
            ...['--cluster-node-timeout', '2000', '--cluster-require-full-coverage', 'no'],
          ],
        }),
      ),
    );
    const cluster = new RedisCluster(nodes, folder);
    await cluster.join();
    return cluster;
  }

  get urls(): string[] {
    return this.nodes.map(({ url }) => url);
  }

  async kill(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.kill()));
    rmSync(this.folder, { recursive: true });
  }

  /** Makes the nodes known to each other, gives each its slots, and waits until all agree. */
  private async join(): Promise<void> {
    const clients = await Promise.all(this.urls.map(connectTestClient));
    try {
      await Promise.all(
        clients.map(async (client, index) => {
          const [start, end] = [index, index + 1].map((share) => Math.floor((SLOTS * share) / NODES)) as [
            number,
            number,
          ];
          await client.clusterAddSlotsRange({ start, end: end - 1 });
          // Nodes refuse to share an epoch; telling them apart saves the seconds in which they would find out.
          await client.sendCommand(['CLUSTER', 'SET-CONFIG-EPOCH', String(index + 1)]);
        }),
      );
      for (const { port } of this.nodes.slice(1)) await clients[0]?.clusterMeet('127.0.0.1', port);
      for (const client of clients) {
        while (!(await isComplete(client))) await new Promise((resolve) => setImmediate(resolve));
      }
    } finally {
      for (const client of clients) client.destroy();
    }
  }
}

async function isComplete(client: Awaited<ReturnType<typeof connectTestClient>>): Promise<boolean> {
  const info = await client.clusterInfo();
  return (
    info.includes('cluster_state:ok') &&
    info.includes(`cluster_known_nodes:${NODES}`) &&
    info.includes(`cluster_size:${NODES}`)
  );
}
