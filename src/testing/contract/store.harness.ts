import { randomUUID } from 'node:crypto';
import { equal } from 'node:assert/strict';
import type { Connection } from '../../contracts/connection.js';
import type { ConnectionStore } from '../../contracts/connection.store.js';
import { ManualClock } from '../manual.clock.js';
import type { StoreSettings, SuiteRunner } from './store.settings.js';

export const EXPIRE_AFTER_SECONDS = 600;
export const EXPIRE_AFTER_MS = EXPIRE_AFTER_SECONDS * 1_000;

/** What the tests of the contract work with: a fresh store and clock for each, and what makes them short. */
export class StoreHarness {
  store!: ConnectionStore;
  clock!: ManualClock;
  /** What ids start with: different for each test. */
  scope!: string;

  readonly describe: SuiteRunner['describe'];

  /** @param concurrency how many callers "many" are */
  constructor(
    private readonly runner: SuiteRunner,
    private readonly create: (settings: StoreSettings) => ConnectionStore | Promise<ConnectionStore>,
    readonly concurrency: number,
    private readonly readsClock: boolean,
  ) {
    this.describe = runner.describe;
  }

  /** A test, with a store and a clock of its own. */
  readonly it = (title: string, test: () => Promise<void>): void => {
    this.runner.it(title, async () => {
      const settings = newSettings();
      this.clock = settings.clock;
      this.scope = randomUUID();
      this.store = await this.create(settings);
      try {
        await test();
      } finally {
        await this.store.close();
      }
    });
  };

  /** A test that needs the store to go by the manual clock. */
  readonly onManualClock = (title: string, test: () => Promise<void>): void => {
    if (this.readsClock) this.it(title, test);
  };

  readonly connection = (id: string, fields: Partial<Connection> = {}): Connection => ({
    connectionId: `${this.scope}-${id}`,
    connectedAt: this.clock.now(),
    userId: null,
    routeKey: '$connect',
    channels: [],
    endpoint: 'https://abc123.execute-api.eu-west-1.amazonaws.com/production',
    ...fields,
  });

  readonly added = async (id: string, fields?: Partial<Connection>): Promise<string> => {
    const connection = this.connection(id, fields);
    equal(await this.store.add(connection), true);
    return connection.connectionId;
  };

  readonly addedMany = (count: number): Promise<string[]> =>
    Promise.all(Array.from({ length: count }, (_, index) => this.added(String(index))));

  readonly find = async (connectionId: string): Promise<Connection | null | undefined> =>
    (await this.store.findMany([connectionId]))[0];

  readonly channelCounts = async (): Promise<Record<string, number>> =>
    Object.fromEntries((await collect(this.store.channels())).map(({ channel, members }) => [channel, members]));
}

/** What no store had before. */
export function newSettings(): StoreSettings {
  return { keyPrefix: `${randomUUID()}:`, clock: new ManualClock(), expireAfterSeconds: EXPIRE_AFTER_SECONDS };
}

/** Everything on all pages. */
export async function collect<Item>(pages: AsyncIterable<readonly Item[]>): Promise<Item[]> {
  const items: Item[] = [];
  for await (const page of pages) items.push(...page);
  return items;
}
