import { EventEmitter } from 'node:events';
import type { KeyvStoreAdapter } from 'keyv';

/** How an adapter behaves while its server is away; real ones differ. */
export type OutageManner =
  /** Rejects, as most do. */
  | 'throws'
  /** Emits `error` and resolves as if there were nothing, as `@keyv/redis` does. */
  | 'emits'
  /** Answers `false` to writes without a word; its reads reject. */
  | 'refuses';

/** A single request that fails: `before` the server takes it, or `after`, when only the answer is lost. */
export type Fault = (operation: 'get' | 'set' | 'delete', key: string) => 'before' | 'after' | null;

/**
 * A Keyv adapter that behaves like one over a network: values are text, answers take a while and come in no fixed order, and its
 * server can go away and come back.
 */
export class RemoteCache extends EventEmitter implements KeyvStoreAdapter {
  readonly opts = {};
  namespace?: string;
  outage: OutageManner | null = null;
  fault: Fault = () => null;
  private readonly texts = new Map<string, string>();
  private requests = 0;

  /** What the server holds, by key. */
  get values(): ReadonlyMap<string, string> {
    return this.texts;
  }

  async get<Value>(key: string): Promise<Value | undefined> {
    if (!(await this.reach())) return undefined;
    if (this.outage === 'refuses') throw new Error('The server went away.');
    return this.withFault('get', key, () => this.texts.get(key) as Value | undefined);
  }

  async set(key: string, value: unknown): Promise<boolean> {
    if (typeof value !== 'string') throw new TypeError('Only text goes over a network.');
    if (!(await this.reach())) return false;
    if (this.outage !== null) return false;
    return this.withFault('set', key, () => this.texts.set(key, value).has(key));
  }

  async delete(key: string): Promise<boolean> {
    if (!(await this.reach()) || this.outage !== null) return false;
    return this.withFault('delete', key, () => this.texts.delete(key));
  }

  async clear(): Promise<void> {
    this.texts.clear();
  }

  private withFault<Answer>(operation: 'get' | 'set' | 'delete', key: string, serve: () => Answer): Answer {
    const fault = this.fault(operation, key);
    if (fault === 'before') throw new Error('The server was not reached.');
    const answer = serve();
    if (fault === 'after') throw new Error('The answer was lost.');
    return answer;
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
