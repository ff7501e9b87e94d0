import { describe, expect, it } from '@jest/globals';
import { createCache } from 'cache-manager';
import { Keyv } from 'keyv';
import { SystemClock } from '../../contracts/clock.js';
import { CacheKeys } from './cache-key.js';
import { CacheMirror } from './cache-mirror.js';
import { OutageAwareCache } from './outage-aware.cache.js';

/** A cache in memory whose writes take turns of the event loop, while deletions are done at once. */
function slowCache(turns: () => number) {
  const serialize = async (value: unknown): Promise<string> => {
    for (let turn = turns(); turn > 0; turn--) await new Promise((resolve) => setImmediate(resolve));
    return JSON.stringify(value);
  };
  return createCache({ stores: [new Keyv({ store: new Map(), serialize: serialize as unknown as () => string })] });
}

describe('CacheMirror', () => {
  const keys = new CacheKeys('websocket:');
  const mirrorOver = (cache: ReturnType<typeof createCache>) =>
    new CacheMirror(new OutageAwareCache(cache), keys, new SystemClock(), 60_000);

  it('lets no deletion overtake the write that came before it', async () => {
    const cache = slowCache(() => 5);
    const mirror = mirrorOver(cache);
    mirror.connectionsChanged(new Set(['a']));
    const written = mirror.settle();
    await new Promise((resolve) => setImmediate(resolve));
    mirror.connectionsChanged(new Set());
    await Promise.all([written, mirror.settle()]);
    await expect(cache.get(keys.connections)).resolves.toBeUndefined();
  });

  it('writes what changed during one batch with the next, in one write', async () => {
    let writes = 0;
    const cache = slowCache(() => (writes++, 2));
    const mirror = mirrorOver(cache);
    const ids = new Set(['0']);
    mirror.connectionsChanged(ids);
    const first = mirror.settle();
    await new Promise((resolve) => setImmediate(resolve));
    const later = Array.from({ length: 100 }, (_, index) => {
      mirror.connectionsChanged(ids.add(String(index)));
      return mirror.settle();
    });
    await Promise.all([first, ...later]);
    expect(writes).toBe(2);
    await expect(cache.get(keys.connections)).resolves.toHaveLength(100);
  });

  it('waits for every write of a batch, also after one of them failed', async () => {
    let calls = 0;
    const serialize = async (value: unknown): Promise<string> => {
      if (calls++ === 0) throw new Error('This value cannot be written.');
      for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
      return JSON.stringify(value);
    };
    const cache = createCache({
      stores: [new Keyv({ store: new Map(), serialize: serialize as unknown as () => string })],
    });
    const mirror = mirrorOver(cache);
    mirror.userChanged('ada', new Set(['a']));
    mirror.connectionsChanged(new Set(['a']));
    await expect(mirror.settle()).rejects.toThrow('failed to write');
    await expect(cache.get(keys.connections)).resolves.toEqual(['a']);
    await mirror.settle();
    await expect(cache.get(keys.user('ada'))).resolves.toEqual(['a']);
  });
});
