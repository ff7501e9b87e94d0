import { afterEach, beforeEach } from '@jest/globals';
import { useVisits, type Visits } from './browser-visits.js';
import type { Visit } from './interception.js';
import type { Person } from './person.js';
import { SampleProcess } from './sample-process.js';

/** The sample application, in a process of each test's own, and those who visit it. */
export class SampleVisits {
  private running: SampleProcess | undefined;

  constructor(private readonly visits: Visits) {}

  get sample(): SampleProcess {
    if (this.running === undefined) throw new Error('The sample application runs while a test does.');
    return this.running;
  }

  /** @param port 0 takes a free one */
  async start(port = 0): Promise<void> {
    this.running = await SampleProcess.start(port);
  }

  async stop(): Promise<void> {
    await this.running?.stop();
    this.running = undefined;
  }

  /** Opens a page of it, by default that of the chat. */
  readonly visit = (options?: Visit, url = this.sample.url): Promise<Person> => this.visits.visit(url, options);

  readonly enter = (name: string, options?: Visit): Promise<Person> =>
    this.visits.enter(this.sample.url, name, options);
}

/** Starts a browser for the `describe` that this is called in, and a sample application for each of its tests; ends them after those. */
export function useSampleVisits(): SampleVisits {
  const visits = new SampleVisits(useVisits());
  beforeEach(() => visits.start());
  afterEach(() => visits.stop());
  return visits;
}
