import { expect, it } from '@jest/globals';
import { invitationTo } from '../application.facts.js';
import type { ProtocolClient } from '../protocol.client.js';
import { fresh, uniqueId, type Visit } from '../protocol.home.js';

/** What a client may send of a channel that it has heard the name of. */
const ATTEMPTS: object[] = [
  { action: 'subscribe' },
  { action: 'subscribe', history: 100, presence: true },
  { action: 'subscribe', recover: { epoch: 'e', offset: 0 } },
  { action: 'subscribe', data: { invitation: 'guessed' } },
  { action: 'publish', data: 'of a stranger' },
  { action: 'event', event: 'typing', data: 'of a stranger' },
  { action: 'unsubscribe' },
];

/** Names that mean something to a program, and nothing to this one. */
const HOSTILE_NAMES = [
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  'private-',
  'presence-',
  'room',
  'room.',
  '.room',
  'room..x',
  'room.a.b',
  'private-board.{board}',
  'Room.1',
  'ROOM.1',
  '*',
  '../room.1',
  ' room.1',
  'room\u200b.1',
  'banned',
  'websocket:channel:room.1',
  '{room.1}',
  'x'.repeat(200),
  '🎉'.repeat(100),
  '\u202eroom.1',
];

/** Names of declared channels that a program could take for those of others. */
const ODD_NAMES = [
  'room.{name}',
  'room.*',
  'room.?',
  'room.1\u0000',
  'room.1\n',
  'room.1 ',
  'room.%31',
  'room.__proto__',
];

/** What clients try that mean no good. */
export function security(visit: Visit): void {
  async function boardWithMembers(): Promise<{ channel: string; members: ProtocolClient[] }> {
    const channel = fresh('private-board');
    const data = { invitation: invitationTo(channel.slice('private-board.'.length)) };
    const members = [await visit.open(), await visit.open()];
    for (const member of members) await member.subscribe(channel, { data });
    return { channel, members };
  }

  it('lets nobody who was never let in read, publish or whisper in a private channel', async () => {
    const { channel, members } = await boardWithMembers();
    const stranger = await visit.open();
    for (const attempt of ATTEMPTS) await stranger.ask({ ...attempt, channel });
    await members[0]!.publish(channel, 'a secret');
    members[0]!.send({ action: 'event', channel, event: 'typing', data: 'a secret' });
    await members[1]!.atLeast('event', 1);
    await stranger.settle();
    expect(JSON.stringify(stranger.messages)).not.toContain('a secret');
    expect(stranger.all('message')).toEqual([]);
    expect(stranger.all('event')).toEqual([]);
    await members[1]!.settle();
    expect(members[1]!.dataOf(channel)).toEqual(['a secret']);
    expect(members[1]!.all('event').map(({ data }) => data)).toEqual(['a secret']);
  });

  it('answers a stranger the same about a channel that is there, one that could be, and one that is not', async () => {
    const { channel } = await boardWithMembers();
    const stranger = await visit.open();
    const names = [
      channel,
      fresh('private-board'),
      fresh('private-unheard'),
      fresh('private-unruled'),
      fresh('private-faulty'),
    ];
    for (const attempt of ATTEMPTS) {
      const answers: string[] = [];
      for (const name of names) {
        const id = uniqueId();
        const answer = await stranger.ask({ ...attempt, channel: name, id });
        answers.push(JSON.stringify(answer).replaceAll(name, 'it').replaceAll(id, 'id'));
      }
      expect(new Set(answers).size).toBe(1);
    }
  });

  it('tells nobody who was never let in who comes and goes', async () => {
    const channel = fresh('presence-hall');
    const stranger = await visit.open();
    const [member, leaving] = await visit.subscribed(channel, 2);
    await leaving!.askFor('unsubscribed', { action: 'unsubscribe', channel });
    await member!.settle();
    await stranger.settle();
    expect(stranger.messages.map(({ type }) => type)).toEqual(['pong']);
  });

  it.each(HOSTILE_NAMES.map((name) => [JSON.stringify(name).slice(0, 60), name]))(
    'forbids the channel %s like any other that is not declared',
    async (_shown, channel) => {
      const client = await visit.open();
      const reference = await client.ask({ action: 'subscribe', id: 's', channel: 'unheard' });
      const answer = await client.ask({ action: 'subscribe', id: 's', channel });
      expect(answer).toEqual({ ...reference, channel });
      expect(await client.codeOf({ action: 'publish', channel, data: 1 })).toBe('not-subscribed');
      expect(await client.codeOf({ action: 'event', channel, event: 'typing' })).toBe('not-subscribed');
    },
  );

  it.each(ODD_NAMES.map((name) => [JSON.stringify(name), name]))(
    'takes the channel %s for none but itself',
    async (_shown, channel) => {
      const [one, two] = await visit.subscribed(channel, 2);
      const [other] = await visit.subscribed('room.1', 1);
      await one!.publish(channel, 'odd');
      for (const client of [two!, other!]) await client.settle();
      expect(two!.all('message').map(({ channel: name }) => name)).toEqual([channel]);
      expect(other!.all('message')).toEqual([]);
    },
  );

  it('gives no rights by a channel that only the application put the client into', async () => {
    const client = await visit.open();
    await client.request('ban');
    expect(await client.codeOf({ action: 'publish', channel: 'banned', data: 1 })).toBe('forbidden');
    expect(await client.codeOf({ action: 'event', channel: 'banned', event: 'typing' })).toBe('forbidden');
  });

  it('takes no answer of a client that was not asked for that of one who was', async () => {
    const channel = fresh('room');
    const [member] = await visit.subscribed(channel, 1);
    const [asking, stranger] = [await visit.open(), await visit.open()];
    const { connectionId: own } = await member!.askFor('welcome', { action: 'hello', protocol: 1 });
    const answering = asking.request('ask', { channel, question: 'Who?', timeoutMs: 1_500 });
    const [request] = await member!.atLeast('request', 1);
    const { id } = request!;
    stranger.send({ action: 'reply', id, data: 'forged', connectionId: own });
    await stranger.settle();
    member!.send({ action: 'reply', id, data: 'real' });
    const { responses } = (await answering) as { responses: Record<string, unknown> };
    expect(responses).toEqual({ [own]: 'real' });
  });

  it('holds a flood of subscriptions to the limits, and serves others meanwhile', async () => {
    const channel = fresh('room');
    const [publisher, listener] = await visit.subscribed(channel, 2);
    const hostile = await visit.open();
    const flood = Array.from({ length: 300 }, (_, index) =>
      hostile.codeOf({ action: 'subscribe', channel: fresh('room'), id: `f${index}` }),
    );
    await publisher!.publish(channel, 'meanwhile');
    await listener!.settle();
    expect(listener!.dataOf(channel)).toEqual(['meanwhile']);
    const codes = await Promise.all(flood);
    expect(codes.filter((code) => code === 'subscribed').length).toBeLessThanOrEqual(20);
    expect(codes.every((code) => ['subscribed', 'too-many-channels', 'rate-limited'].includes(code))).toBe(true);
  });

  it('repeats no request and no answer that a client sends again', async () => {
    const channel = fresh('room');
    const user = uniqueId();
    const [witness] = await visit.subscribed(channel, 1);
    const [client, thief] = [await visit.open(`user=${user}`), await visit.open()];
    await client.subscribe(channel);
    await thief.subscribe(channel);
    const id = uniqueId();
    await client.publish(channel, 'paid', { id });
    for (let round = 0; round < 5; round++)
      expect(await client.codeOf({ action: 'publish', channel, data: 'paid', id })).toBe('duplicate');
    await witness!.settle();
    expect(witness!.dataOf(channel)).toEqual(['paid']);
    // Of another user it is another request.
    expect(await thief.codeOf({ action: 'publish', channel, data: 'mine', id })).toBe('published');
  });
}
