import { readIds } from './connection-record.js';
import type { OutageAwareCache } from './outage-aware.cache.js';

interface Change {
  /** Changes the ids in place; true when the list is to be written. */
  readonly apply: (ids: Set<string>) => boolean;
  readonly resolve: (changed: boolean) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Lists of ids in a cache that can only get and set. Each change is a read-modify-write; those of one list run one after another, and
 * whatever has come in meanwhile is committed together, so that a thousand concurrent connects take a few writes and lose none.
 */
export class SharedLists {
  private readonly waiting = new Map<string, Change[]>();

  constructor(
    private readonly cache: OutageAwareCache,
    private readonly ttlMs: number,
  ) {}

  async read(key: string): Promise<string[]> {
    return readIds(await this.cache.get(key));
  }

  /** Puts `id` at the end of a list, wherever it stood before, and postpones the expiry of the list. */
  async keep(key: string, id: string): Promise<void> {
    await this.change(key, (ids) => {
      ids.delete(id);
      ids.add(id);
      return true;
    });
  }

  /** Resolves true when the list had `id`. An emptied list is deleted. */
  remove(key: string, id: string): Promise<boolean> {
    return this.change(key, (ids) => ids.delete(id));
  }

  /** Applies a change when its turn comes; it sees what every change before it left. */
  change(key: string, apply: (ids: Set<string>) => boolean): Promise<boolean> {
    return new Promise((resolve, reject) => {
      const change: Change = { apply, resolve, reject };
      const waiting = this.waiting.get(key);
      if (waiting !== undefined) {
        waiting.push(change);
        return;
      }
      this.waiting.set(key, [change]);
      void this.commitAll(key);
    });
  }

  private async commitAll(key: string): Promise<void> {
    for (let batch = this.take(key); batch.length > 0; batch = this.take(key)) {
      try {
        const answers = await this.commit(key, batch);
        batch.forEach(({ resolve }, index) => resolve(answers[index] === true));
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    this.waiting.delete(key);
  }

  private take(key: string): Change[] {
    return this.waiting.get(key)?.splice(0) ?? [];
  }

  private async commit(key: string, batch: readonly Change[]): Promise<boolean[]> {
    const ids = new Set(await this.read(key));
    const answers = batch.map(({ apply }) => apply(ids));
    if (answers.includes(true)) {
      if (ids.size === 0) await this.cache.delete(key);
      else await this.cache.set(key, [...ids], this.ttlMs);
    }
    return answers;
  }
}
