import { createCache } from 'cache-manager';
import { CacheConnectionStore, StoreUnavailableError, type ConnectionStore } from '../../src/index.js';
import { Gate } from '../support/gateway-inbox.js';

/** Whose methods are hooked, too, under the name of what gave them: `presence.enter`. */
const LEDGERS = new Set(['presence', 'history', 'claims', 'answers', 'rateBuckets']);

/** Whose pages are iterated over. */
const PAGED = new Set(['recipients', 'members', 'presence.members', 'connections', 'channels', 'staleBefore']);

type Method = (...args: unknown[]) => unknown;

/** A store in memory whose operations a test holds up or fails, by their names: `join`, `presence.enter`. */
export class HookedStore {
  /** What was asked for, in order. */
  readonly calls: string[] = [];
  private readonly failing = new Set<string>();
  private readonly holds = new Map<string, { readonly reached: Gate; readonly released: Gate }>();
  private isAway = false;
  readonly store: ConnectionStore;

  constructor(real: ConnectionStore = new CacheConnectionStore(createCache())) {
    this.store = this.hooked(real, '');
  }

  /** Lets operations fail from now on; all of them without a name. */
  fail(...names: readonly string[]): void {
    if (names.length === 0) this.isAway = true;
    for (const name of names) this.failing.add(name);
  }

  /** Lets all of them answer again. */
  mend(): void {
    this.isAway = false;
    this.failing.clear();
  }

  /** Holds the next call of an operation, before it does anything. `reached` opens when it comes; open `released` to let it go on. */
  hold(name: string): { readonly reached: Gate; readonly released: Gate } {
    const hold = { reached: new Gate(), released: new Gate() };
    this.holds.set(name, hold);
    return hold;
  }

  private hooked<Target extends object>(target: Target, prefix: string): Target {
    return new Proxy(target, {
      get: (_, key) => {
        const value: unknown = Reflect.get(target, key, target);
        if (typeof value !== 'function' || typeof key !== 'string') return value;
        const method = (value as Method).bind(target);
        if (prefix === '' && LEDGERS.has(key)) return () => this.ledger(method(), key);
        return (...args: unknown[]) => this.call(prefix + key, () => method(...args));
      },
    });
  }

  private ledger(ledger: unknown, name: string): unknown {
    return typeof ledger === 'object' && ledger !== null ? this.hooked(ledger, `${name}.`) : ledger;
  }

  private call(name: string, run: () => unknown): unknown {
    this.calls.push(name);
    if (this.isAway || this.failing.has(name)) return failed(name);
    const hold = this.holds.get(name);
    if (hold === undefined) return run();
    this.holds.delete(name);
    hold.reached.open();
    const { opened } = hold.released;
    return PAGED.has(name) ? pagesAfter(opened, run) : opened.then(run);
  }
}

async function* pagesAfter(opened: Promise<void>, run: () => unknown): AsyncGenerator {
  await opened;
  yield* run() as AsyncIterable<unknown>;
}

/** Rejects, and fails whoever iterates over it. */
function failed(operation: string): unknown {
  const error = new StoreUnavailableError(operation);
  const rejection = Promise.reject(error);
  rejection.catch(() => undefined);
  return Object.assign(rejection, {
    [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(error) }),
  });
}
