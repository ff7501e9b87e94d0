import { describe, expect, it } from '@jest/globals';
import type { Connection } from '../../src/contracts/connection.js';
import { ManualClock } from '../support/manual.clock.js';
import { Interleaving, type InterleavingOptions } from '../../src/testing/contract/races/interleaving.js';
import { add, inTurn, join, remove } from '../../src/testing/contract/races/operations.js';
import { exploreRace, type Race } from '../../src/testing/contract/races/race.js';
import { ReferenceModel } from '../../src/testing/contract/races/reference.model.js';
import { ReferenceStore } from '../../src/testing/contract/races/reference.store.js';
import { ScheduleSearch } from '../../src/testing/contract/races/schedule.search.js';
import { EXPIRE_AFTER_MS } from '../../src/testing/contract/store.harness.js';
import type { Subject } from '../../src/testing/contract/races/subject.js';
import { Wire } from '../../src/testing/contract/races/wire.js';

/** Runs actors of so many requests each in every order, and resolves to the orders. */
async function schedulesOf(requests: readonly number[], options: InterleavingOptions = {}): Promise<string[]> {
  const search = new ScheduleSearch();
  const schedules: string[] = [];
  while (!search.isComplete) {
    const wire = new Wire();
    const actors = requests.map((count, index) => ({
      name: String(index),
      run: async () => {
        for (let request = 0; request < count; request++) await wire.carry(String(request), async () => undefined);
      },
    }));
    const interleaving = new Interleaving(actors, options);
    await search.walk((choose) => interleaving.run(wire, choose));
    schedules.push(interleaving.schedule.map((step) => step.replace('answer to ', '').slice(0, 1)).join(''));
  }
  return schedules;
}

describe('the scheduler', () => {
  it('tries every order of steps once', async () => {
    const schedules = await schedulesOf([2, 1]);
    // Two requests and one, and the two beginnings: 5! / (3! × 2!)
    expect(schedules.toSorted()).toEqual([
      '00011',
      '00101',
      '00110',
      '01001',
      '01010',
      '01100',
      '10001',
      '10010',
      '10100',
      '11000',
    ]);
    await expect(schedulesOf([1, 1, 1])).resolves.toHaveLength(90);
  });

  it('lets others go on while an answer is on its way', async () => {
    const schedules = await schedulesOf([1, 1], { answersTravel: true });
    // A beginning, a request and its answer each: 6! / (3! × 3!)
    expect(new Set(schedules).size).toBe(20);
    expect(schedules).toHaveLength(20);
  });

  it('takes the same orders in every run', async () => {
    expect(await schedulesOf([1, 2])).toEqual(await schedulesOf([1, 2]));
  });

  it('says so when actors wait for each other', async () => {
    const interleaving = new Interleaving([{ name: 'stuck', run: () => new Promise(() => undefined) }], {
      hangsAfterMs: 10,
    });
    await expect(interleaving.run(new Wire(), () => 0)).rejects.toThrow(
      /still not everyone has an answer[^]*stuck begins/,
    );
  });

  it('says so when an answer does not wait for a request', async () => {
    const wire = new Wire();
    const run = async (): Promise<void> => void wire.carry('the rest', async () => undefined);
    await expect(new Interleaving([{ name: 'hasty', run }]).run(wire, () => 0)).rejects.toThrow(
      'nobody waits for hasty: the rest',
    );
  });
});

describe('a race', () => {
  /** Removes in two steps, as one does who has only get and delete. */
  class CarelessStore extends ReferenceStore {
    override async remove(connectionId: string): Promise<Connection | null> {
      const [connection = null] = await this.findMany([connectionId]);
      await super.remove(connectionId);
      return connection;
    }
  }

  const create = async (): Promise<Subject> => {
    const [clock, wire] = [new ManualClock(), new Wire()];
    return { stores: [new CarelessStore(new ReferenceModel(EXPIRE_AFTER_MS), clock, wire)], clock, wire };
  };
  const names = { ids: ['a'], users: ['ada'], channels: ['news'] };
  const prepare = inTurn(add('a', 'ada'));

  it('tells the order in which a careless store goes wrong', async () => {
    const race: Race = { names, prepare, actors: { one: remove('a'), two: remove('a') } };
    await expect(exploreRace(race, create)).rejects.toThrow(/This was the order of steps:[^]*one: remove/);
  });

  it('notices a removal that knows nothing of a join that came before it', async () => {
    const race: Race = { names, prepare, actors: { join: join('a', 'news'), remove: remove('a') } };
    await expect(exploreRace(race, create)).rejects.toThrow('No order of whole operations comes to this');
  });

  it('is content with the same store when nothing happens at once', async () => {
    const race: Race = { names, prepare, actors: { remove: remove('a') } };
    await expect(exploreRace(race, create)).resolves.toBe(1);
  });
});
