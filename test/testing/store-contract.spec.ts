import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from '@jest/globals';
import { createCache } from 'cache-manager';
import { CacheConnectionStore, type Connection, type LeaveResult } from '../../src/index.js';
import {
  connectionStoreContract,
  ManualClock,
  Wire,
  type StoreSettings,
  type StoreSetup,
} from '../../src/testing/contract/index.js';

const OPTIONS = { writers: 'one', concurrency: 40, schedules: 4 } as const;

/** Runs the suite against a store, and resolves to what failed, by title. */
async function failuresOf(create: StoreSetup['create'], wire = new Wire()): Promise<ReadonlyMap<string, Error>> {
  const tests: (readonly [title: string, body: () => Promise<void>])[] = [];
  connectionStoreContract('Store', {
    ...OPTIONS,
    wire,
    describe: (_, body) => body(),
    it: (title, body) => void tests.push([title, body]),
    create,
  });
  expect(tests.length).toBeGreaterThan(80);
  const failures = new Map<string, Error>();
  for (const [title, body] of tests) await body().catch((error: unknown) => failures.set(title, error as Error));
  return failures;
}

class ForgetfulStore extends CacheConnectionStore {
  constructor(settings: StoreSettings) {
    super(createCache(), settings);
  }
}

describe('connectionStoreContract', () => {
  it('passes for a store that keeps it', async () => {
    expect(await failuresOf((settings) => new CacheConnectionStore(createCache(), settings))).toEqual(new Map());
  });

  it.each([
    [
      'that leaves members behind',
      class extends ForgetfulStore {
        private readonly left = new Set<string>();

        override async leave(connectionId: string, channel: string): Promise<LeaveResult> {
          if (this.left.has(connectionId)) return super.leave(connectionId, channel);
          this.left.add(connectionId);
          return 'left';
        }
      },
      'two leaves',
    ],
    [
      'that gives a removed connection to two callers',
      class extends ForgetfulStore {
        override async remove(connectionId: string): Promise<Connection | null> {
          const [found = null] = await this.findMany([connectionId]);
          await super.remove(connectionId);
          return found;
        }
      },
      'gives the record, with its channels, to one of many callers',
    ],
    [
      'that reads another clock than the one that it is given',
      class extends ForgetfulStore {
        constructor(settings: StoreSettings) {
          super({ ...settings, clock: new ManualClock() });
        }
      },
      'remembers a removal for a minute and no longer',
    ],
  ])('fails for a store %s', async (_, Store, title) => {
    const failures = await failuresOf((settings) => new Store(settings));
    const [, error] = [...failures].find(([name]) => name.endsWith(title)) ?? [];
    expect([...failures.keys()]).toEqual(expect.arrayContaining([expect.stringContaining(title)]));
    expect(error?.message).not.toBe('');
  });

  it('shows in which order of requests a race is lost, where they go over the wire', async () => {
    const wire = new Wire();
    class TwoStepStore extends ForgetfulStore {
      override async remove(connectionId: string): Promise<Connection | null> {
        const [found = null] = await wire.carry('find', () => this.findMany([connectionId]));
        const removed = found === null ? null : await wire.carry('remove', () => super.remove(connectionId));
        return removed === null ? null : found;
      }
    }
    const failures = await failuresOf((settings) => new TwoStepStore(settings), wire);
    const error = failures.get(
      'settles a join and the removal: no member outlives its connection, and the removal knows of every join',
    );
    const steps = ['remove begins', 'remove: find', 'join begins', 'remove: remove'];
    const order = error?.message.split('This was the order of steps:')[1] ?? '';
    expect(order.split('\n').map((line) => line.trim())).toEqual(expect.arrayContaining(steps));
  });

  it('closes every store that it has made', async () => {
    let open = 0;
    await failuresOf((settings) => {
      open++;
      const store = new CacheConnectionStore(createCache(), settings);
      return Object.assign(store, {
        close: async () => {
          open--;
        },
      });
    });
    expect(open).toBe(0);
  });

  it("runs with node:test's own functions", async () => {
    const directory = import.meta.dirname;
    const program = join(directory, 'store-contract.program.ts');
    const loader = join(directory, '../support/typescript.loader.js');
    const env = { ...process.env, NODE_OPTIONS: '', NODE_TEST_CONTEXT: undefined };
    const child = spawn(process.execPath, ['--import', loader, '--test-reporter=tap', program], { env });
    const [output, [code]] = await Promise.all([text(child.stdout), once(child, 'exit')]);
    expect(output).toContain('# Subtest: CacheConnectionStore, as a connection store');
    expect(output).toMatch(/^# fail 0$/m);
    expect(Number(/^# tests (\d+)$/m.exec(output)?.[1])).toBeGreaterThan(80);
    expect(code).toBe(0);
  });
});
