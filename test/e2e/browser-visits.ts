import { afterAll, afterEach, beforeAll, expect } from '@jest/globals';
import type { Browser } from 'playwright-core';
import { launchBrowser } from '../support/browser.js';
import type { Visit } from './interception.js';
import { Person } from './person.js';

/** A browser for the tests of a `describe`, in which each visitor has everything to themselves. */
export class Visits {
  private browser: Browser | undefined;
  private people: Person[] = [];

  /** Opens a page in a browser of their own. */
  async visit(url: string, { prepare, ...options }: Visit = {}): Promise<Person> {
    if (this.browser === undefined) throw new Error('The browser runs from the first test to the last.');
    const context = await this.browser.newContext(options);
    await prepare?.(context);
    const person = await Person.visit(url, context);
    this.people.push(person);
    return person;
  }

  async enter(url: string, name: string, options?: Visit): Promise<Person> {
    const person = await this.visit(url, options);
    await person.enter(name);
    return person;
  }

  async start(): Promise<void> {
    this.browser = await launchBrowser();
  }

  async leave(): Promise<void> {
    for (const context of this.browser?.contexts() ?? []) await context.close();
    const problems = this.people.splice(0).flatMap((person) => person.problems);
    // No error in any page's console, whatever the test did.
    expect(problems).toEqual([]);
  }

  async stop(): Promise<void> {
    await this.browser?.close();
  }
}

/** Starts a browser before the tests of the `describe` that this is called in, and ends it after them. Visitors leave after each. */
export function useVisits(): Visits {
  const visits = new Visits();
  beforeAll(() => visits.start());
  afterEach(() => visits.leave());
  afterAll(() => visits.stop());
  return visits;
}
