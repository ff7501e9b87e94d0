import { randomUUID } from 'node:crypto';
import { beforeEach, describe, expect, it } from '@jest/globals';
import type { BroadcastLedger, ShardClaim, ShardCounts } from '../../src/contracts/broadcast.ledger.js';
import type { ManualClock } from '../support/manual.clock.js';

const LEASE_MS = 30_000;
const DAY_MS = 86_400_000;
const COUNTS: ShardCounts = { delivered: 7, gone: 2, throttled: 1, failed: 3 };
const NONE: ShardCounts = { delivered: 0, gone: 0, throttled: 0, failed: 0 };

export interface LedgerSubject {
  /** Two of them, over the same state. */
  readonly ledgers: readonly [BroadcastLedger, BroadcastLedger];
  readonly clock: ManualClock;
}

/** Holds a `BroadcastLedger` to everything that the port promises. */
export function broadcastLedgerContract(name: string, create: () => LedgerSubject): void {
  describe(name, () => {
    let ledger: BroadcastLedger;
    let other: BroadcastLedger;
    let clock: ManualClock;
    let broadcastId: string;

    const claimOf = (shard: number, token: string): ShardClaim => ({ broadcastId, shard, token });

    beforeEach(() => {
      broadcastId = randomUUID();
      ({
        ledgers: [ledger, other],
        clock,
      } = create());
    });

    it('knows nothing of a broadcast that was not opened', async () => {
      expect(await ledger.report(broadcastId)).toBeNull();
      await ledger.claim(claimOf(0, 'a'), LEASE_MS);
      expect(await ledger.report(broadcastId)).toBeNull();
    });

    it('tells of an open broadcast that its size is not known yet', async () => {
      await ledger.open(broadcastId);
      expect(await other.report(broadcastId)).toEqual({
        broadcastId,
        recipients: null,
        shards: null,
        shardsDone: 0,
        ...NONE,
        isComplete: false,
      });
    });

    it('is complete when all of its shards are settled, and their counts are added up', async () => {
      await ledger.open(broadcastId);
      const shards = 45;
      for (let shard = 0; shard < shards; shard++) {
        const claim = claimOf(shard, `w${shard}`);
        expect(await other.claim(claim, LEASE_MS)).toBe('claimed');
        expect(await other.settle(claim, COUNTS)).toBe(true);
      }
      expect(await ledger.report(broadcastId)).toMatchObject({ shardsDone: shards, isComplete: false });
      await ledger.seal(broadcastId, 585, shards);
      expect(await ledger.report(broadcastId)).toEqual({
        broadcastId,
        recipients: 585,
        shards,
        shardsDone: shards,
        delivered: 315,
        gone: 90,
        throttled: 45,
        failed: 135,
        isComplete: true,
      });
    });

    it('is not complete while a shard is missing', async () => {
      await ledger.open(broadcastId);
      await ledger.seal(broadcastId, 26, 2);
      await ledger.settle(claimOf(0, 'a'), COUNTS);
      expect(await ledger.report(broadcastId)).toMatchObject({ shards: 2, shardsDone: 1, isComplete: false });
    });

    it('is complete at once when there is nothing to do', async () => {
      await ledger.open(broadcastId);
      await ledger.seal(broadcastId, 0, 0);
      expect(await ledger.report(broadcastId)).toMatchObject({ isComplete: true });
    });

    it('gives a shard to one of many workers that come at once', async () => {
      const results = await Promise.all(
        Array.from({ length: 40 }, (_, index) =>
          (index % 2 === 0 ? ledger : other).claim(claimOf(3, `w${index}`), LEASE_MS),
        ),
      );
      expect(results.filter((result) => result === 'claimed')).toHaveLength(1);
      expect(results.filter((result) => result === 'held')).toHaveLength(39);
    });

    it('gives shards of the same broadcast to different workers at once', async () => {
      const results = await Promise.all(
        Array.from({ length: 60 }, (_, shard) => ledger.claim(claimOf(shard, `w${shard}`), LEASE_MS)),
      );
      expect(new Set(results)).toEqual(new Set(['claimed']));
    });

    it('gives a shard to another worker as soon as the lease has run out, and not before', async () => {
      await ledger.claim(claimOf(0, 'a'), LEASE_MS);
      await clock.advance(LEASE_MS - 1);
      expect(await other.claim(claimOf(0, 'b'), LEASE_MS)).toBe('held');
      await clock.advance(1);
      expect(await other.claim(claimOf(0, 'b'), LEASE_MS)).toBe('claimed');
      expect(await ledger.claim(claimOf(0, 'a'), LEASE_MS)).toBe('held');
    });

    it('prolongs the lease of the worker that has it', async () => {
      await ledger.claim(claimOf(0, 'a'), LEASE_MS);
      await clock.advance(LEASE_MS - 1);
      expect(await ledger.claim(claimOf(0, 'a'), LEASE_MS)).toBe('claimed');
      await clock.advance(LEASE_MS - 1);
      expect(await other.claim(claimOf(0, 'b'), LEASE_MS)).toBe('held');
    });

    it('gives a shard that was given back to the next worker', async () => {
      await ledger.claim(claimOf(0, 'a'), LEASE_MS);
      await ledger.release(claimOf(0, 'a'));
      expect(await other.claim(claimOf(0, 'b'), LEASE_MS)).toBe('claimed');
    });

    it('takes a shard back from nobody but the worker that has it', async () => {
      await ledger.claim(claimOf(0, 'a'), LEASE_MS);
      await other.release(claimOf(0, 'b'));
      expect(await other.claim(claimOf(0, 'b'), LEASE_MS)).toBe('held');
      await ledger.settle(claimOf(0, 'a'), COUNTS);
      await ledger.release(claimOf(0, 'a'));
      expect(await other.claim(claimOf(0, 'b'), LEASE_MS)).toBe('settled');
    });

    it('gives a settled shard to nobody, not even to its worker or after any lease', async () => {
      await ledger.claim(claimOf(0, 'a'), LEASE_MS);
      await ledger.settle(claimOf(0, 'a'), COUNTS);
      await clock.advance(10 * LEASE_MS);
      expect(await ledger.claim(claimOf(0, 'a'), LEASE_MS)).toBe('settled');
      expect(await other.claim(claimOf(0, 'b'), LEASE_MS)).toBe('settled');
    });

    it('counts a shard once that is settled again, by its worker or another', async () => {
      await ledger.open(broadcastId);
      await ledger.claim(claimOf(0, 'slow'), LEASE_MS);
      await clock.advance(LEASE_MS);
      await other.claim(claimOf(0, 'fast'), LEASE_MS);
      expect(await other.settle(claimOf(0, 'fast'), COUNTS)).toBe(true);
      expect(await other.settle(claimOf(0, 'fast'), COUNTS)).toBe(true);
      expect(await ledger.settle(claimOf(0, 'slow'), COUNTS)).toBe(false);
      expect(await ledger.report(broadcastId)).toMatchObject({ shardsDone: 1, ...COUNTS });
    });

    it('counts every shard when many are settled at once', async () => {
      await ledger.open(broadcastId);
      await ledger.seal(broadcastId, 650, 50);
      const settled = await Promise.all(
        Array.from({ length: 50 }, (_, shard) =>
          (shard % 2 === 0 ? ledger : other).settle(claimOf(shard, `w${shard}`), COUNTS),
        ),
      );
      expect(new Set(settled)).toEqual(new Set([true]));
      expect(await ledger.report(broadcastId)).toMatchObject({ shardsDone: 50, delivered: 350, isComplete: true });
    });

    it('keeps broadcasts apart', async () => {
      await ledger.open(broadcastId);
      const second = randomUUID();
      await ledger.open(second);
      await ledger.settle(claimOf(0, 'a'), COUNTS);
      expect(await ledger.report(second)).toMatchObject({ shardsDone: 0, ...NONE });
      expect(await ledger.claim({ broadcastId: second, shard: 0, token: 'b' }, LEASE_MS)).toBe('claimed');
    });

    it('forgets a broadcast after a day', async () => {
      await ledger.open(broadcastId);
      await clock.advance(DAY_MS - 1);
      expect(await ledger.report(broadcastId)).not.toBeNull();
      await clock.advance(1);
      expect(await ledger.report(broadcastId)).toBeNull();
    });
  });
}
