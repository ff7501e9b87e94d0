import { NodeRegistry, type Lease, type Renewal } from '../../contracts/node.registry.js';
import { NodeScripts } from './node.scripts.js';
import type { RunScript } from './redis-broadcast.ledger.js';

/** Leases of nodes in one sorted set of Redis, by the clock of Redis. */
export class RedisNodeRegistry extends NodeRegistry {
  constructor(private readonly run: RunScript) {
    super();
  }

  async join(nodeId: string, leaseMs: number): Promise<Lease | 'fenced'> {
    const answer = (await this.run(NodeScripts.join, nodeId, String(leaseMs))) as string;
    return answer === 'fenced' ? answer : { until: Number(answer) };
  }

  async renew(nodeId: string, leaseMs: number, { until }: Lease): Promise<Renewal> {
    const answer = (await this.run(NodeScripts.renew, nodeId, String(leaseMs), String(until))) as string;
    return answer === 'fenced' || answer === 'forgotten' ? answer : { until: Number(answer) };
  }

  async leave(nodeId: string): Promise<void> {
    await this.run(NodeScripts.leave, nodeId);
  }

  async nodes(): Promise<string[]> {
    return (await this.run(NodeScripts.nodes)) as string[];
  }

  async expired(): Promise<string[]> {
    return (await this.run(NodeScripts.expired)) as string[];
  }

  async claim(nodeId: string, claimant: string, lockMs: number): Promise<boolean> {
    return (await this.run(NodeScripts.claim, nodeId, claimant, String(lockMs))) === 1;
  }

  async buried(nodeId: string): Promise<void> {
    await this.run(NodeScripts.buried, nodeId);
  }

  async isAuditDue(everyMs: number): Promise<boolean> {
    return (await this.run(NodeScripts.audit, String(everyMs))) === 1;
  }
}
