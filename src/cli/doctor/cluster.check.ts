import { reasonOf } from '../../health/failure.reason.js';
import type { RunningSystem } from '../running.system.js';
import { ok, problem, skipped, warning, type Finding } from './finding.js';

/** Looks which nodes share the store, and whether they renew their leases. */
export async function checkCluster({ store }: RunningSystem): Promise<Finding> {
  const cluster = store.cluster();
  if (cluster === null) {
    return skipped(
      'cluster',
      'The store carries no messages between processes: sockets of other processes are out of reach.',
    );
  }
  try {
    const [nodes, expired] = await Promise.all([cluster.registry.nodes(), cluster.registry.expired()]);
    if (expired.length > 0) {
      return warning(
        'cluster',
        `Of ${nodes.length} nodes ${expired.length} did not renew their lease.`,
        'Nothing, if another node runs: it ends their connections within 30 seconds. Else start one.',
      );
    }
    return nodes.length === 0
      ? skipped('cluster', 'No node runs an embedded gateway on this store.')
      : ok(
          'cluster',
          `${nodes.length} ${nodes.length === 1 ? 'node runs' : 'nodes run'} an embedded gateway on this store.`,
        );
  } catch (error) {
    return problem('cluster', `The nodes cannot be listed (${reasonOf(error)}).`, 'See what is said of the store.');
  }
}
