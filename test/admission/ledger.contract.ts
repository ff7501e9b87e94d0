import { randomUUID } from 'node:crypto';
import { beforeEach, describe, expect, it } from '@jest/globals';
import type { AdmissionLedger, AdmissionRequest, AdmissionResult } from '../../src/index.js';
import type { ManualClock } from '../support/manual.clock.js';

export interface AdmissionLedgerSubject {
  /** Two of them, over the same state. */
  readonly ledgers: readonly [AdmissionLedger, AdmissionLedger];
  readonly clock: ManualClock;
}

const ADMITTED: AdmissionResult = { status: 'admitted' };

/** Holds an `AdmissionLedger` to everything that the port promises. */
export function admissionLedgerContract(name: string, create: () => AdmissionLedgerSubject): void {
  describe(name, () => {
    let ledger: AdmissionLedger;
    let other: AdmissionLedger;
    let clock: ManualClock;

    beforeEach(() => {
      ({
        ledgers: [ledger, other],
        clock,
      } = create());
    });

    const asking = (connectionId: string, changes: Partial<AdmissionRequest> = {}): AdmissionRequest => ({
      connectionId,
      groups: [{ name: 'all', max: 2 }],
      state: `state of ${connectionId}`,
      until: clock.now() + 60_000,
      dueAt: null,
      ...changes,
    });

    it('lets exactly as many in as there may be, whoever asks', async () => {
      const ids = Array.from({ length: 50 }, () => randomUUID());
      const results = await Promise.all(ids.map((id, index) => (index % 2 === 0 ? ledger : other).admit(asking(id))));
      expect(results.filter(({ status }) => status === 'admitted')).toHaveLength(2);
      expect(results.filter((result) => result.status === 'full' && result.group === 'all')).toHaveLength(48);
    });

    it('lets a connection into all of its groups or into none, and names the first that is full', async () => {
      const groups = [
        { name: 'user:ada: *', max: 1 },
        { name: 'ip:::1', max: 5 },
        { name: 'all', max: 2 },
      ];
      expect(await ledger.admit(asking('a', { groups }))).toEqual(ADMITTED);
      expect(await other.admit(asking('b', { groups }))).toEqual({ status: 'full', group: 'user:ada: *' });
      expect(await ledger.admit(asking('c'))).toEqual(ADMITTED);
      expect(await ledger.admit(asking('d', { groups: groups.slice(1) }))).toEqual({ status: 'full', group: 'all' });
      expect(await other.find('b')).toBeNull();
      await ledger.release('a');
      // Nothing of b and d was left in a group.
      expect(await ledger.admit(asking('e', { groups: [{ name: 'ip:::1', max: 1 }] }))).toEqual(ADMITTED);
    });

    it('gives a connection that is in a group no second place, and adds it to others', async () => {
      await ledger.admit(asking('a'));
      await ledger.admit(asking('b'));
      expect(await other.admit(asking('a', { state: 'new' }))).toEqual(ADMITTED);
      const groups = [
        { name: 'all', max: 2 },
        { name: 'user:x', max: 1 },
      ];
      expect(await ledger.admit(asking('a', { groups, state: 'new' }))).toEqual(ADMITTED);
      expect(await other.find('a')).toBe('new');
      expect(await ledger.admit(asking('c', { groups: [{ name: 'user:x', max: 1 }] }))).toMatchObject({
        status: 'full',
      });
    });

    it('counts without a limit what has none', async () => {
      const groups = [{ name: 'all', max: Infinity }];
      for (const id of ['a', 'b', 'c']) expect(await ledger.admit(asking(id, { groups }))).toEqual(ADMITTED);
      expect(await ledger.admit(asking('d'))).toMatchObject({ status: 'full' });
    });

    it('changes a state only for who knows it: of those that race, one does', async () => {
      await ledger.admit(asking('a', { state: 'pending' }));
      const results = await Promise.all(
        ['x', 'y', 'z'].map((state, index) =>
          (index === 1 ? other : ledger).admit(asking('a', { state, replaces: 'pending' })),
        ),
      );
      expect(results.map(({ status }) => status).sort()).toEqual(['admitted', 'changed', 'changed']);
      await ledger.release('a');
      expect(await ledger.admit(asking('a', { replaces: 'pending' }))).toEqual({ status: 'changed' });
      expect(await other.find('a')).toBeNull();
    });

    it('frees the places of a connection that is released, once', async () => {
      await ledger.admit(asking('a'));
      await ledger.admit(asking('b'));
      expect(await other.release('a')).toBe('state of a');
      expect(await other.release('a')).toBeNull();
      expect(await ledger.admit(asking('c'))).toEqual(ADMITTED);
      expect(await ledger.admit(asking('d'))).toMatchObject({ status: 'full' });
    });

    it('forgets who is not extended, and knows who was', async () => {
      await ledger.admit(asking('a'));
      await ledger.admit(asking('b'));
      await clock.advance(59_999);
      expect(await ledger.admit(asking('c'))).toMatchObject({ status: 'full' });
      expect(await other.extend(['a', 'unknown'], clock.now() + 60_000)).toEqual(['unknown']);
      await clock.advance(1);
      expect(await ledger.find('b')).toBeNull();
      expect(await ledger.find('a')).toBe('state of a');
      expect(await ledger.admit(asking('c'))).toEqual(ADMITTED);
      expect(await ledger.admit(asking('d'))).toMatchObject({ status: 'full' });
    });

    it('extends more than a page of them', async () => {
      const ids = Array.from({ length: 250 }, (_, index) => `c${index}`);
      await Promise.all(ids.map((id) => ledger.admit(asking(id, { groups: [] }))));
      const until = clock.now() + 120_000;
      expect(await ledger.extend([...ids, 'x'], until)).toEqual(['x']);
      await clock.advance(60_000);
      expect(await Promise.all([ids[0]!, ids[99]!, ids[249]!].map((id) => other.find(id)))).not.toContain(null);
    });

    it('names who is due, those that are longest first, until they are released or put off', async () => {
      await ledger.admit(asking('later', { groups: [], dueAt: clock.now() + 2_000 }));
      await ledger.admit(asking('soon', { groups: [], dueAt: clock.now() + 1_000 }));
      await ledger.admit(asking('never', { groups: [] }));
      await ledger.admit(asking('put off', { groups: [], dueAt: clock.now() + 1_000 }));
      await ledger.admit(asking('put off', { groups: [], dueAt: null }));
      await clock.advance(999);
      expect(await other.overdue(10)).toEqual([]);
      await clock.advance(1_001);
      expect(await other.overdue(1)).toEqual([{ connectionId: 'soon', state: 'state of soon' }]);
      await ledger.release('soon');
      expect(await other.overdue(10)).toEqual([{ connectionId: 'later', state: 'state of later' }]);
      await clock.advance(60_000);
      expect(await other.overdue(10)).toEqual([]);
    });
  });
}
