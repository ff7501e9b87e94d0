import { describe, expect, it } from '@jest/globals';
import { createCache, type Cache } from 'cache-manager';
import { Keyv } from 'keyv';
import { CacheConnectionStore, StoreUnavailableError } from '../../src/index.js';
import { ExpiringMap } from '../../src/stores/cache/expiring.map.js';
import { MemoryPresenceLedger } from '../../src/stores/cache/memory-presence.ledger.js';
import { ManualClock } from '../support/manual.clock.js';
import { RemoteCache } from '../support/remote.cache.js';
import { ledgersContract } from './ledgers.contract.js';
import { joinedTo, present } from './ledgers.harness.js';

const CHANNEL = 'presence-lobby';

const subjectOver = (cache: () => Cache) => async () => {
  const clock = new ManualClock();
  const store = new CacheConnectionStore(cache(), { clock });
  return { store, other: store, clock, stop: () => store.close() };
};

ledgersContract('CacheConnectionStore in memory', subjectOver(createCache));

ledgersContract(
  'CacheConnectionStore over a cache across a network',
  subjectOver(() => createCache({ stores: [new Keyv({ store: new RemoteCache() })] })),
  { members: 300 },
);

describe('ExpiringMap', () => {
  const mapUntil = () => {
    let now = 0;
    const map = new ExpiringMap<number>((until) => until <= now);
    return { map, advance: (ms: number) => (now += ms) };
  };

  it('stays as small as what is not over, however many values come and go', () => {
    const { map, advance } = mapUntil();
    let time = 0;
    let most = 0;
    for (let count = 0; count < 100_000; count++) {
      time += 1;
      advance(1);
      map.get(`n${count}`);
      map.set(`n${count}`, time + 100);
      most = Math.max(most, map.size);
    }
    expect(most).toBeLessThan(400);
  });

  it('gives no value that is over, and keeps those that are not', () => {
    const { map, advance } = mapUntil();
    map.set('short', 10);
    map.set('long', 20);
    advance(10);
    expect(map.get('short')).toBeUndefined();
    for (let count = 0; count < 10; count++) expect(map.get('long')).toBe(20);
    expect(map.size).toBe(1);
  });
});

describe('presence in memory', () => {
  it('forgets connections that ended without an exit, and those only', async () => {
    const clock = new ManualClock();
    const store = new CacheConnectionStore(createCache(), { clock });
    const ledger = store.presence();
    if (!(ledger instanceof MemoryPresenceLedger)) throw new Error('This is another ledger.');
    for (let number = 0; number < 300; number++) {
      await joinedTo({ store, clock }, `c${number}`, [CHANNEL]);
      await ledger.enter(CHANNEL, `c${number}`, { memberId: `m${number}`, info: '{}' });
      // A crash, of all but the first ten.
      if (number >= 10) await store.remove(`c${number}`);
    }
    expect(ledger.size).toBe(300);
    for (let turn = 0; turn < 3; turn++) {
      for (let number = 0; number < 300; number++) await ledger.enter(CHANNEL, 'c0', { memberId: 'm0', info: '{}' });
      await clock.advance(61_000);
    }
    expect(ledger.size).toBe(10);
    expect(await ledger.count(CHANNEL)).toBe(10);
    await store.close();
  });

  it('is an error while the cache is away, and changes nothing then', async () => {
    const clock = new ManualClock();
    const remote = new RemoteCache();
    const store = new CacheConnectionStore(createCache({ stores: [new Keyv({ store: remote })] }), { clock });
    const ledger = present(store.presence());
    await joinedTo({ store, clock }, 'a1', [CHANNEL]);
    await joinedTo({ store, clock }, 'a2', [CHANNEL]);
    await ledger.enter(CHANNEL, 'a1', { memberId: 'ada', info: '{}' });
    await ledger.enter(CHANNEL, 'a2', { memberId: 'ada', info: '{}' });
    remote.outage = 'throws';
    await expect(ledger.count(CHANNEL)).rejects.toBeInstanceOf(StoreUnavailableError);
    await expect(ledger.enter(CHANNEL, 'a1', { memberId: 'bob', info: '{}' })).rejects.toBeInstanceOf(
      StoreUnavailableError,
    );
    await expect(ledger.exit(CHANNEL, 'a1', 'ada')).rejects.toBeInstanceOf(StoreUnavailableError);
    remote.outage = null;
    expect(await ledger.count(CHANNEL)).toBe(1);
    expect(await ledger.exit(CHANNEL, 'a1', 'ada')).toBe('present');
    expect(await ledger.exit(CHANNEL, 'a2', 'ada')).toBe('vanished');
    await store.close();
  });
});
