import { expect, it } from '@jest/globals';
import { Facts } from '../application.facts.js';
import { fresh, uniqueId, type Visit } from '../protocol.home.js';

/** Who is there. */
export function presence(visit: Visit): void {
  const someone = (name: string): { user: string; query: string } => {
    const user = uniqueId();
    return { user, query: `user=${user}&name=${name}` };
  };

  it('tells who is there to whom asks for it', async () => {
    const channel = fresh('presence-hall');
    const [ada, grace] = [someone('Ada'), someone('Grace')];
    const first = await visit.open(ada.query);
    const own = await first.subscribe(channel, { id: '8', presence: true });
    const adaHere = { id: ada.user, info: { name: 'Ada' } };
    expect(own).toEqual({ type: 'subscribed', id: '8', channel, members: [adaHere], memberCount: 1 });
    const second = await visit.open(grace.query);
    const { members, memberCount } = await second.subscribe(channel, { presence: true });
    expect(memberCount).toBe(2);
    expect(members).toHaveLength(2);
    expect(members).toEqual(expect.arrayContaining([adaHere, { id: grace.user, info: { name: 'Grace' } }]));
    const third = await visit.open();
    const silent = await third.subscribe(channel);
    expect(silent).toEqual({ type: 'subscribed', id: silent.id, channel });
  });

  it('tells the others who comes and who goes', async () => {
    const channel = fresh('presence-hall');
    const [witness] = await visit.subscribed(channel, 1);
    const grace = someone('Grace');
    for (const part of ['unsubscribe', 'close'] as const) {
      const before = witness!.messages.length;
      const client = await visit.open(grace.query);
      await client.subscribe(channel);
      await client.settle();
      expect(client.all('joining')).toEqual([]);
      if (part === 'close') await client.close();
      else await client.askFor('unsubscribed', { action: 'unsubscribe', channel });
      await witness!.until(({ type }) => type === 'leaving', 'the leaving', before);
      expect(witness!.messages.slice(before)).toEqual([
        { type: 'joining', channel, member: { id: grace.user, info: { name: 'Grace' } } },
        { type: 'leaving', channel, member: { id: grace.user } },
      ]);
    }
  });

  it('counts a user once, however many connections they have', async () => {
    const channel = fresh('presence-hall');
    const [witness] = await visit.subscribed(channel, 1);
    const ada = someone('Ada');
    const tabs = [await visit.open(ada.query), await visit.open(ada.query), await visit.open(ada.query)];
    for (const tab of tabs) await tab.subscribe(channel);
    await tabs[0]!.subscribe(channel);
    const { memberCount } = await witness!.subscribe(channel, { presence: true });
    expect(memberCount).toBe(2);
    await tabs[0]!.askFor('unsubscribed', { action: 'unsubscribe', channel });
    await tabs[1]!.close();
    await witness!.settle();
    expect(witness!.all('leaving')).toEqual([]);
    await tabs[2]!.askFor('unsubscribed', { action: 'unsubscribe', channel });
    // The end of the second tab may be heard of after the third unsubscribed.
    await witness!.atLeast('leaving', 1);
    await witness!.settle();
    expect(witness!.all('joining')).toHaveLength(1);
    expect(witness!.all('leaving')).toHaveLength(1);
  });

  it('takes a connection without a user for a member of its own', async () => {
    const channel = fresh('presence-hall');
    const [one, two] = await visit.subscribed(channel, 2);
    const { members } = await one!.subscribe(channel, { presence: true });
    const ids = await Promise.all(
      [one!, two!].map(
        async (client) => (await client.askFor('welcome', { action: 'hello', protocol: 1 })).connectionId,
      ),
    );
    expect(members?.map(({ id }) => id).sort()).toEqual(ids.sort());
  });

  it('lets nobody say who they are', async () => {
    const channel = fresh('presence-hall');
    const [witness] = await visit.subscribed(channel, 1);
    const eve = someone('Eve');
    const client = await visit.open(eve.query);
    const forged = { id: 'root', info: { name: 'Root' } };
    const fields = {
      presence: true,
      info: forged.info,
      member: forged,
      members: [forged],
      userId: 'root',
      user: 'root',
    };
    const { members } = await client.subscribe(channel, { ...fields, data: { ...fields, name: 'Root' } });
    const real = { id: eve.user, info: { name: 'Eve' } };
    expect(members).toContainEqual(real);
    expect(JSON.stringify(members)).not.toMatch(/root/i);
    const [joining] = await witness!.atLeast('joining', 1);
    expect(joining!.member).toEqual(real);
  });

  it('announces nobody in a channel whose rule says so, and tells who is there', async () => {
    const channel = fresh('presence-crowd');
    const [witness, leaving] = await visit.subscribed(channel, 2);
    await leaving!.askFor('unsubscribed', { action: 'unsubscribe', channel });
    const { memberCount } = await witness!.subscribe(channel, { presence: true });
    expect(memberCount).toBe(1);
    expect(witness!.all('joining')).toEqual([]);
    expect(witness!.all('leaving')).toEqual([]);
  });

  it('tells nobody who is there in a channel without presence', async () => {
    const channel = fresh('room');
    const [witness] = await visit.subscribed(channel, 1);
    const client = await visit.open();
    const subscribed = await client.subscribe(channel, { presence: true });
    expect(subscribed).not.toHaveProperty('members');
    await witness!.settle();
    expect(witness!.all('joining')).toEqual([]);
  });

  it('sends a list that does not fit into one message in parts', async () => {
    const channel = fresh('presence-hall');
    const users: string[] = [];
    for (let index = 0; index < 12; index++) {
      const { user, query } = someone('n'.repeat(1_900));
      users.push(user);
      await (await visit.open(query)).subscribe(channel);
    }
    const client = await visit.open(`user=${uniqueId()}`);
    const subscribed = await client.subscribe(channel, { presence: true, id: 'parts' });
    const parts = client.all('part');
    expect(parts.length).toBeGreaterThan(0);
    expect(parts.every(({ id, channel: name }) => id === 'parts' && name === channel)).toBe(true);
    for (const message of client.messages)
      expect(Buffer.byteLength(JSON.stringify(message))).toBeLessThanOrEqual(Facts.maxPayloadBytes);
    const listed = [...parts.flatMap(({ members }) => members ?? []), ...(subscribed.members ?? [])];
    expect(listed.map(({ id }) => id)).toEqual(expect.arrayContaining(users));
    expect(listed).toHaveLength(13);
    expect(subscribed.memberCount).toBe(13);
  });

  it('is told of the end of a subscription by the application', async () => {
    const channel = fresh('presence-hall');
    const [witness] = await visit.subscribed(channel, 1);
    const ada = someone('Ada');
    const client = await visit.open(ada.query);
    await client.subscribe(channel);
    await client.request('end', { channel });
    const [leaving] = await witness!.atLeast('leaving', 1);
    expect(leaving).toEqual({ type: 'leaving', channel, member: { id: ada.user } });
  });
}
