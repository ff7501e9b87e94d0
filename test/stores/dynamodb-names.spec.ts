import { describe, expect, it } from '@jest/globals';
import { NameLimits } from '../../src/protocol/limits.js';
import { collect } from '../contract/store.harness.js';
import { useDynamoDb } from '../support/dynamodb.subject.js';

/** Three bytes in UTF-8, nine when they are percent-encoded: no character of one code unit has more. */
const LONG = '中';

describe('names in the table', () => {
  const subject = useDynamoDb();

  it('may be as long as any name, with characters of as many bytes as there are, and differ in the last one only', async () => {
    const store = subject.store();
    const names = ['一', '二'].map((end) => ({
      connectionId: LONG.repeat(NameLimits.connectionIdChars - 1) + end,
      userId: LONG.repeat(NameLimits.userIdChars - 1) + end,
      channel: LONG.repeat(NameLimits.channelChars - 1) + end,
    }));
    for (const { connectionId, userId, channel } of names) {
      await expect(store.add(subject.connection(connectionId, { userId }))).resolves.toBe(true);
      await expect(store.join(connectionId, channel, { maxMembers: 1 })).resolves.toBe('joined');
    }
    for (const { connectionId, userId, channel } of names) {
      await expect(store.findMany([connectionId])).resolves.toMatchObject([
        { connectionId, userId, channels: [channel] },
      ]);
      await expect(store.connectionsOfUser(userId)).resolves.toEqual([connectionId]);
      await expect(collect(store.members(channel))).resolves.toEqual([connectionId]);
    }
    const channels = names.map(({ channel }) => ({ channel, members: 1 }));
    const listed = await collect(store.channels());
    expect(listed.toSorted((one, other) => one.channel.localeCompare(other.channel, 'zh'))).toEqual(
      channels.toSorted((one, other) => one.channel.localeCompare(other.channel, 'zh')),
    );
    for (const { connectionId } of names) await store.remove(connectionId);
    await expect(subject.items('users')).resolves.toEqual([]);
    await expect(subject.items('channels')).resolves.toEqual([]);
  });

  it('keeps applications apart that share a table under different prefixes', async () => {
    const [one, other] = ['one:', 'other:'].map((name) => subject.store({ keyPrefix: subject.keyPrefix + name }));
    for (const [store, userId] of [
      [one!, 'ada'],
      [other!, 'eve'],
    ] as const) {
      await expect(store.add(subject.connection('a', { userId }))).resolves.toBe(true);
      await expect(store.join('a', 'news', { maxMembers: 1 })).resolves.toBe('joined');
    }
    await expect(one!.findMany(['a'])).resolves.toMatchObject([{ userId: 'ada', channels: ['news'] }]);
    await expect(one!.countConnections()).resolves.toBe(1);
    await expect(one!.connectionsOfUser('eve')).resolves.toEqual([]);
    await expect(one!.remove('a')).resolves.toMatchObject({ userId: 'ada' });
    await expect(other!.findMany(['a'])).resolves.toMatchObject([{ userId: 'eve', channels: ['news'] }]);
    await expect(collect(other!.members('news'))).resolves.toEqual(['a']);
  });

  it('keeps applications apart whose prefix goes on like a key of another one', async () => {
    const channels = ['0', 'seats', 'connections:0', 'connections:1', 'connections:2', 'connections:3', 'users:seats'];
    const ids = ['seats', 'a'];
    const prefixes = ['', 'users:', 'channels:', 'channels:0:', 'seats:', 'connections:'];
    const stores = prefixes.map((end) => subject.store({ keyPrefix: subject.keyPrefix + end, partitions: 1 }));
    for (const [index, store] of stores.entries()) {
      for (const id of ids) {
        const made = subject.connection(id, { userId: `users:${id}`, endpoint: prefixes[index]! });
        await expect(store.add(made)).resolves.toBe(true);
        for (const channel of channels)
          await expect(store.join(id, channel, { maxMembers: 2 })).resolves.toBe('joined');
      }
    }
    for (const [index, store] of stores.entries()) {
      await expect(store.countConnections()).resolves.toBe(ids.length);
      for (const id of ids) {
        await expect(store.findMany([id])).resolves.toMatchObject([{ channels, endpoint: prefixes[index] }]);
        await expect(store.connectionsOfUser(`users:${id}`)).resolves.toEqual([id]);
      }
      for (const channel of channels) {
        expect((await collect(store.members(channel))).sort()).toEqual(ids.toSorted());
      }
    }
  });
});
