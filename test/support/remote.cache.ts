import { EventEmitter } from 'node:events';
import type { KeyvStoreAdapter } from 'keyv';
import { Wire } from '../contract/wire.js';

/** How an adapter behaves while its server is away; real ones differ. */
export type OutageManner =
  /** Rejects, as most do. */
  | 'throws'
  /** Emits `error` and resolves as if there were nothing, as `@keyv/redis` does. */
  | 'emits'
  /** Answers `false` to writes without a word; its reads reject. */
  | 'refuses';

/**
 * A Keyv adapter that behaves like one over a network: values are text, answers take a while and come in no fixed order, and its
 * server can go away and come back.
 */
export class RemoteCache extends EventEmitter implements KeyvStoreAdapter {
  readonly opts = {};
  namespace?: string;
  outage: OutageManner | null = null;
  private readonly texts = new Map<string, string>();
  private requests = 0;

  /** @param wire what its requests go over, as `get key`, `set key` and `delete key` */
  constructor(readonly wire = new Wire()) {
    super();
  }

  /** What the server holds, by key. */
  get values(): ReadonlyMap<string, string> {
    return this.texts;
  }

  get<Value>(key: string): Promise<Value | undefined> {
    return this.wire.carry(`get ${key}`, async () => {
      if (!(await this.reach())) return undefined;
      if (this.outage === 'refuses') throw new Error('The server went away.');
      return this.texts.get(key) as Value | undefined;
    });
  }

  set(key: string, value: unknown): Promise<boolean> {
    return this.wire.carry(`set ${key}`, async () => {
      if (typeof value !== 'string') throw new TypeError('Only text goes over a network.');
      if (!(await this.reach()) || this.outage !== null) return false;
      return this.texts.set(key, value).has(key);
    });
  }

  delete(key: string): Promise<boolean> {
    return this.wire.carry(`delete ${key}`, async () => {
      if (!(await this.reach()) || this.outage !== null) return false;
      return this.texts.delete(key);
    });
  }

  async clear(): Promise<void> {
    this.texts.clear();
  }

  /** Takes as long as a request may take. Resolves whether there was a server to take it. */
  private async reach(): Promise<boolean> {
    const request = this.requests++;
    if (request % 3 !== 0) await new Promise((resolve) => setImmediate(resolve));
    for (let turn = request % 5; turn > 0; turn--) await Promise.resolve();
    const failure = new Error('The server went away.');
    if (this.outage === 'throws') throw failure;
    if (this.outage === 'emits') this.emit('error', failure);
    return this.outage !== 'emits';
  }
}
