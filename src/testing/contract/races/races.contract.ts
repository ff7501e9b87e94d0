import { ok } from 'node:assert/strict';
import type { SuiteRunner } from '../store.settings.js';
import { exploreRace, type Race } from './race.js';
import { RACES } from './races.js';
import type { CreateSubject } from './subject.js';

const NAMES: Race['names'] = { ids: ['a', 'b'], users: ['ada', 'eve'], channels: ['news', 'sport'] };

/** Operations that run at once, in every order of their requests. */
export function racesContract(
  { describe, it }: SuiteRunner,
  options: { readonly create: CreateSubject; readonly readsClock: boolean; readonly schedules: number },
): void {
  const { create, readsClock, schedules } = options;
  const races = Object.entries(RACES).filter(([, { goesByClock = false }]) => readsClock || !goesByClock);

  describe('races', () => {
    for (const [title, race] of races) {
      it(`settles ${title}`, async () => {
        const tried = await exploreRace({ ...race, names: NAMES }, create, schedules);
        // Even without a request to hold there are as many orders as there are ways to begin.
        ok(tried > 1);
      });
    }
  });
}
