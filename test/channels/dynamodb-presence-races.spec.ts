import { beforeEach, describe, expect, it } from '@jest/globals';
import { StoreUnavailableError, type ConnectionStore } from '../../src/index.js';
import { collect } from '../contract/store.harness.js';
import { useDynamoDb } from '../support/dynamodb.subject.js';
import { joinedTo, present } from './ledgers.harness.js';

const LOBBY = 'presence-lobby';
const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const IS_WRITE = /^(Put|Update|Delete)Item$/;

describe('presence in DynamoDB', () => {
  const subject = useDynamoDb();
  let store: ConnectionStore;

  beforeEach(() => {
    store = subject.store({ expireAfterSeconds: 40 * 86_400 });
  });

  const join = (...ids: string[]): Promise<unknown> =>
    Promise.all(ids.map((id) => joinedTo({ store, clock: subject.clock }, id, [LOBBY])));
  const enter = (id: string, memberId = 'ada', info = '{}'): Promise<unknown> =>
    present(store.presence()).enter(LOBBY, id, { memberId, info });
  const exit = (id: string, memberId = 'ada'): Promise<unknown> => present(store.presence()).exit(LOBBY, id, memberId);
  const count = (): Promise<number> => present(store.presence()).count(LOBBY);
  const entries = (): Promise<unknown> => collect(present(store.presence()).members(LOBBY));

  /** Has something happen right before or after the next write. Other requests meanwhile are left alone. */
  const around = (when: 'before' | 'after', happen: () => Promise<unknown>): void => {
    subject.interceptor = async (command, perform) => {
      if (!IS_WRITE.test(command)) return perform();
      subject.interceptor = null;
      if (when === 'before') await happen();
      const answer = await perform();
      if (when === 'after') await happen();
      return answer;
    };
  };

  it('counts nobody in whose connection ends, and exits, while it enters', async () => {
    await join('a1');
    around('before', async () => {
      await store.remove('a1');
      expect(await exit('a1')).toBe('absent');
    });
    expect(await enter('a1')).toBe('not-in-channel');
    expect(await subject.items('presence')).toEqual([]);
  });

  it('gives a member back the info of who is there, when another connection ends while it enters', async () => {
    await join('a1', 'a2');
    await enter('a1', 'ada', '"of the first"');
    around('before', () => store.remove('a2'));
    expect(await enter('a2', 'ada', '"of the second"')).toBe('not-in-channel');
    expect(await entries()).toEqual([{ memberId: 'ada', info: '"of the first"' }]);
    expect(await exit('a1')).toBe('vanished');
  });

  it('lets an entry stand that somebody has relied on when its connection ends: one appeared, and one vanishes', async () => {
    await join('a1', 'a2');
    around('after', async () => {
      expect(await enter('a2')).toBe('present');
      await store.remove('a1');
    });
    expect(await enter('a1')).toBe('appeared');
    expect(await count()).toBe(1);
    expect(await exit('a1')).toBe('present');
    expect(await exit('a2')).toBe('vanished');
  });

  it('tells that a member appeared whose exit comes before the entry is done', async () => {
    await join('a1');
    around('after', async () => {
      await store.remove('a1');
      expect(await exit('a1')).toBe('vanished');
    });
    expect(await enter('a1')).toBe('appeared');
    expect(await count()).toBe(0);
  });

  it('relies on nobody who exits while another enters', async () => {
    await join('a1', 'a2');
    await enter('a1');
    around('before', async () => {
      // What was emptied is still there: the process died before it deleted that.
      subject.interceptor = (command, perform) => {
        if (command === 'DeleteItem') throw new Error('The process has died.');
        return perform();
      };
      expect(await exit('a1')).toBe('vanished');
      subject.interceptor = null;
    });
    expect(await enter('a2')).toBe('appeared');
    expect(await exit('a2')).toBe('vanished');
  });

  it('relies on nobody who exits while another exits', async () => {
    await join('a1', 'a2');
    await enter('a1');
    await enter('a2');
    around('before', async () => expect(await exit('a2')).toBe('present'));
    expect(await exit('a1')).toBe('vanished');
  });

  it('tells one exit of many that the member vanished when all connections have ended before', async () => {
    const ids = Array.from({ length: 6 }, (_, index) => `a${index}`);
    await join(...ids);
    for (const id of ids) await enter(id);
    await Promise.all(ids.map((id) => store.remove(id)));
    const results = await Promise.all(ids.map((id) => exit(id)));
    expect(results.toSorted()).toEqual([...ids.slice(1).map(() => 'absent'), 'vanished']);
  });

  it('does not let a member vanish who enters again at that moment', async () => {
    await join('a1', 'a2');
    await enter('a1');
    around('before', async () => expect(await enter('a2')).toBe('present'));
    expect(await exit('a1')).toBe('present');
    expect(await count()).toBe(1);
  });

  it('takes a hundred connections of a member, and says what to do about more', async () => {
    const ids = Array.from({ length: 102 }, (_, index) => `a${index}`);
    await join(...ids);
    await Promise.all(ids.slice(0, 100).map((id) => enter(id)));
    const refusal = enter('a100');
    await expect(refusal).rejects.toBeInstanceOf(StoreUnavailableError);
    await expect(refusal).rejects.toThrow('than 100 connections at once');
    // One that is counted already may enter again.
    expect(await enter('a99')).toBe('present');
    // Those that are gone take nobody's place, whether or not somebody has told of it.
    await store.remove('a0');
    await store.remove('a1');
    expect(await enter('a100')).toBe('present');
    expect(await enter('a101')).toBe('present');
    expect(await exit('a0')).toBe('absent');
    const [item] = await subject.items('presence');
    expect(Object.keys(item?.['connections']?.M ?? {})).toHaveLength(100);
  }, 60_000);

  it('leaves what a crash left to whoever tells of it for a minute, and deletes it then', async () => {
    await join('a1', 'b1');
    await enter('a1');
    await enter('b1', 'bob');
    await store.remove('a1');
    await store.remove('b1');
    expect(await entries()).toEqual([]);
    await subject.clock.advance(MINUTE_MS - 1);
    expect(await count()).toBe(0);
    expect(await exit('a1')).toBe('vanished');
    expect(await subject.items('presence')).toHaveLength(1);
    await subject.clock.advance(1);
    expect(await count()).toBe(0);
    expect(await subject.items('presence')).toEqual([]);
  });

  it('does not delete a member who comes back while a reader looks', async () => {
    await join('a1', 'a2');
    await enter('a1');
    await store.remove('a1');
    await count();
    await subject.clock.advance(MINUTE_MS);
    around('before', async () => expect(await enter('a2')).toBe('appeared'));
    expect(await count()).toBe(0);
    expect(await count()).toBe(1);
  });

  it('knows of a member for as long as somebody looks now and then, however long the connection lives', async () => {
    await join('a1');
    await enter('a1');
    const ttl = async (): Promise<number> => Number((await subject.items('presence'))[0]?.['ttl']?.N) * 1_000;
    expect(await ttl()).toBeGreaterThan(subject.clock.now() + 40 * DAY_MS);
    await subject.clock.advance(21 * DAY_MS);
    expect(await count()).toBe(1);
    expect(await ttl()).toBeGreaterThan(subject.clock.now() + 40 * DAY_MS);
  });

  it('asks again for what DynamoDB did not get to', async () => {
    await join('a1');
    await enter('a1');
    let isCut = false;
    subject.interceptor = async (command, perform, input) => {
      if (command !== 'BatchGetItem' || isCut) return perform();
      isCut = true;
      const { RequestItems } = input as { RequestItems: unknown };
      return { output: { Responses: {}, UnprocessedKeys: RequestItems }, response: {} };
    };
    expect(await entries()).toHaveLength(1);
    expect(isCut).toBe(true);
  });
});
