import {
  BROADCAST_LIFETIME_MS,
  BroadcastLedger,
  reportOf,
  type BroadcastReport,
  type ClaimResult,
  type ShardClaim,
  type ShardCounts,
} from '../../contracts/broadcast.ledger.js';
import type { Clock } from '../../contracts/clock.js';
import { encodeName } from '../encoded-name.js';
import { BroadcastScripts } from './broadcast.scripts.js';
import type { RedisScript } from './redis.script.js';

/** Runs a script of the store. */
export type RunScript = (script: RedisScript, ...args: (string | Buffer)[]) => Promise<unknown>;

/** Broadcasts in Redis: one hash each, which Redis drops a day after it was made. A report costs the same however many shards there are. */
export class RedisBroadcastLedger extends BroadcastLedger {
  constructor(
    private readonly run: RunScript,
    private readonly clock: Clock,
  ) {
    super();
  }

  async open(broadcastId: string): Promise<void> {
    await this.run(BroadcastScripts.open, encodeName(broadcastId));
  }

  async seal(broadcastId: string, recipients: number, shards: number): Promise<void> {
    await this.run(BroadcastScripts.seal, encodeName(broadcastId), String(recipients), String(shards));
  }

  async claim(claim: ShardClaim, leaseMs: number): Promise<ClaimResult> {
    return (await this.run(BroadcastScripts.claim, ...argumentsOf(claim), String(leaseMs))) as ClaimResult;
  }

  async release(claim: ShardClaim): Promise<void> {
    await this.run(BroadcastScripts.release, ...argumentsOf(claim));
  }

  async settle(claim: ShardClaim, { delivered, gone, throttled, failed }: ShardCounts): Promise<boolean> {
    const counts = [delivered, gone, throttled, failed].map(String);
    return (await this.run(BroadcastScripts.settle, ...argumentsOf(claim), ...counts)) === 1;
  }

  async report(broadcastId: string): Promise<BroadcastReport | null> {
    const answer = (await this.run(BroadcastScripts.report, encodeName(broadcastId))) as readonly (string | null)[];
    const [at = null, ...numbers] = answer.map((value) => (value === null ? null : Number(value)));
    if (at === null || at + BROADCAST_LIFETIME_MS <= this.clock.now()) return null;
    const [recipients = null, shards = null, ...counts] = numbers;
    const [done, delivered, gone, throttled, failed] = counts.map((count) => count ?? 0) as [
      number,
      number,
      number,
      number,
      number,
    ];
    return reportOf(broadcastId, { recipients, shards }, done, { delivered, gone, throttled, failed });
  }
}

function argumentsOf({ broadcastId, shard, token }: ShardClaim): string[] {
  return [encodeName(broadcastId), String(shard), token];
}
