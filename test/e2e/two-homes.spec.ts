import { once } from 'node:events';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { IncomingMessage } from 'node:http';
import { WebSocket } from 'ws';
import { Inbox } from '../support/gateway-inbox.js';
import { describeWith, nginx, openssl, redisServer } from '../support/program.js';
import { arrived, dismissGuests, Guest, refusalOf, say } from './guest.js';
import { Homes, lambda, lambdaOnDynamoDb, oneProcess, SECRETS, twoNodesBehindNginx, type Home } from './homes.js';

const homes = new Homes();

afterEach(async () => {
  dismissGuests();
  await homes.close();
});

const LOBBY = 'presence-room.lobby';
const BOOTH = 'presence-room.booth';

/** An evening in the chat, and all that can be noticed during it, wherever the chat is. */
async function spendAnEvening({ webSockets }: Home): Promise<void> {
  const enter = (name: string, key?: string): Promise<Guest> => Guest.enter(webSockets, name, key);
  const alice = await enter('Alice');
  expect(alice.welcome).toEqual({
    userId: expect.stringMatching(/^Alice~[\w-]{16}$/),
    rooms: ['lobby', 'kitchen', 'workshop', 'booth'].map((room) => ({ room, people: 0 })),
  });
  const [bob, chidi] = [await enter('Bob'), await enter('Chidi')];
  const counts = new Inbox<unknown>();
  const list = chidi.client.subscribe('rooms');
  list.on('count', counts.push);
  await list.ready;

  const hers = await alice.join(LOBBY);
  const his = await bob.join(LOBBY);
  expect(await hers.came.next()).toBe(bob.id);
  expect([...his.room.members.values()]).toEqual(
    expect.arrayContaining([alice, bob].map(({ id }) => ({ id, info: { name: id.split('~')[0] } }))),
  );
  await arrived(counts, (count) => JSON.stringify(count) === '{"room":"lobby","people":2}');

  await say(hers, 'Hello, Bob 👋');
  for (const { said } of [hers, his]) expect(await said.next()).toEqual({ text: 'Hello, Bob 👋', from: alice.id });
  const whispers = new Inbox<unknown>();
  hers.room.onWhisper('typing', (data, from) => whispers.push({ data, from }));
  his.room.whisper('typing', { on: true });
  expect(await whispers.next()).toEqual({ data: { on: true }, from: bob.id });

  expect(await refusalOf(say(hers, ''))).toBe('forbidden');
  expect(await refusalOf(say(hers, 'x'.repeat(2_001)))).toBe('forbidden');
  expect(await refusalOf(say(hers, 'lone \ud800'))).toBe('forbidden');
  expect(await refusalOf(say(hers, 'shouted', 'shouted'))).toBe('forbidden');
  expect(await refusalOf(chidi.join('presence-room.<script>'))).toBe('forbidden');
  expect(await refusalOf(chidi.join('presence-room.Lobby'))).toBe('forbidden');
  expect(await refusalOf(list.publish({ room: 'lobby', people: 99 }, { event: 'count' }))).toBe('forbidden');

  expect(await alice.ask('direct', { to: bob.id, text: 'just us two' })).toMatchObject({
    id: expect.any(String),
  });
  expect(await bob.direct.next()).toEqual({ from: alice.id, text: 'just us two' });
  expect(await chidi.ask('direct', { to: 'Dora~0123456789abcdef', text: 'anyone?' })).toEqual({
    problem: 'not-here',
  });
  expect(await chidi.ask('direct', { to: bob.id, text: ['x'] })).toEqual({ problem: 'bad-message' });
  expect(chidi.direct.all).toEqual([]);

  // Whoever has the key is the same person, with another connection; whoever has only the name is somebody else.
  const again = await enter('Alice', alice.key);
  const other = await enter('Alice');
  expect(again.id).toBe(alice.id);
  expect(other.id).not.toBe(alice.id);
  const twice = await again.join(LOBBY);
  expect(twice.said.all).toEqual([{ text: 'Hello, Bob 👋', from: alice.id }]);
  expect(twice.room.memberCount).toBe(2);
  again.client.close();

  bob.client.close();
  expect(await hers.went.next()).toBe(bob.id);
  await arrived(counts, (count) => JSON.stringify(count) === '{"room":"lobby","people":1}');
  expect(await alice.ask('direct', { to: bob.id, text: 'still there?' })).toEqual({ problem: 'not-here' });
  expect(hers.came.all).toEqual([bob.id]);
}

interface Invited {
  readonly room: string;
  readonly invitation: string;
}

/** A room by invitation, a room with four places, and the numbers for operators. */
async function tryDoors({ webSockets }: Home): Promise<void> {
  const enter = (name: string): Promise<Guest> => Guest.enter(webSockets, name);
  const [alice, bob] = [await enter('Alice'), await enter('Bob')];
  const { room, invitation } = await alice.ask<Invited>('private-room', { title: 'Board' });
  const channel = `presence-private.${room}`;
  const inside = await alice.join(channel, { invitation });
  await say(inside, 'among us');
  const forged = invitation.replace(/.$/, (last) => (last === 'A' ? 'B' : 'A'));
  const { invitation: another } = await bob.ask<Invited>('private-room', { title: 'Board' });
  for (const wrong of [undefined, {}, { invitation: forged }, { invitation: another }]) {
    expect(await refusalOf(bob.join(channel, wrong))).toBe('forbidden');
  }
  const guest = await bob.join(channel, { invitation });
  expect(guest.said.all).toEqual([{ text: 'among us', from: alice.id }]);
  await say(guest, 'thank you');
  await arrived(inside.said, ({ text }) => text === 'thank you');
  expect(await alice.ask('private-room', { title: '<b>' })).toEqual({ problem: 'bad-title' });

  const sitting = await Promise.all(['One', 'Two', 'Three', 'Four'].map(enter));
  for (const person of sitting) await person.join(BOOTH);
  const fifth = await enter('Five');
  const waiting = fifth.approach(BOOTH);
  await arrived(waiting.refusals, (code) => code === 'channel-full');
  expect(waiting.room.status).toBe('subscribing');
  sitting[0]!.client.close();
  await waiting.room.ready;
  expect(waiting.room.memberCount).toBe(4);

  expect(await fifth.ask('stats', { key: 'a guess' })).toEqual({ problem: 'wrong-key' });
  expect(await fifth.ask('stats')).toEqual({ problem: 'wrong-key' });
  const stats = await fifth.ask<object>('stats', { key: SECRETS.OPERATOR_KEY });
  expect(stats).toMatchObject({ connections: 6, channels: 2, handledHere: expect.any(Number) });
  expect(stats).toMatchObject({
    largest: [
      { channel: BOOTH, connections: 4, messages: 0 },
      { channel, connections: 2, messages: 2, people: expect.arrayContaining(['Alice', 'Bob']) },
    ],
  });
}

/** The status of a handshake that is refused. */
async function handshake([url]: readonly string[], query: string): Promise<number | undefined> {
  const socket = new WebSocket(`${url}${query}`, { rejectUnauthorized: false });
  const [, { statusCode }] = (await once(socket, 'unexpected-response')) as [unknown, IncomingMessage];
  return statusCode;
}

async function turnAway({ webSockets }: Home): Promise<void> {
  const key = 'a'.repeat(32);
  for (const query of ['', '?token=Alice', '?token=Alice:short', `?token=:${key}`, `?token=%3Cb%3E:${key}`]) {
    expect(await handshake(webSockets, query)).toBe(401);
  }
}

const EVENING_MS = 60_000;

/** What is the same wherever the chat is. */
function isTheChat(open: () => Promise<Home>): () => void {
  return () => {
    it(
      'is the same as everywhere',
      async () => {
        const home = await homes.opened(open());
        await turnAway(home);
        await spendAnEvening(home);
      },
      EVENING_MS,
    );

    it(
      'has private rooms, a small one, and numbers for operators',
      async () => {
        await tryDoors(await homes.opened(open()));
      },
      EVENING_MS,
    );
  };
}

describe('The sample chat in one process', isTheChat(oneProcess));
describeWith(
  [redisServer, nginx, openssl],
  'The sample chat on two nodes behind nginx',
  isTheChat(twoNodesBehindNginx),
);
describeWith([redisServer], 'The sample chat on Lambda with Redis', isTheChat(lambda));
describe('The sample chat on Lambda with DynamoDB', isTheChat(lambdaOnDynamoDb));
