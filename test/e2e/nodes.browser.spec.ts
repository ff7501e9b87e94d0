import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { describeInBrowser } from '../support/browser.js';
import { describeWithRedis } from '../support/redis.server.js';
import { useVisits, type Visits } from './browser-visits.js';
import { Homes, lambda, twoNodes, type Home } from './homes.js';
import { pointTo, type Visit } from './interception.js';
import type { Person } from './person.js';

/** What two people do on the page, wherever the chat runs. */
async function meet(visits: Visits, { pageUrl, webSockets }: Home): Promise<void> {
  const enter = (name: string): Promise<Person> => visits.enter(pageUrl, name, { prepare: pointTo(webSockets) });
  const [alice, bob] = [await enter('Alice'), await enter('Bob')];
  await alice.join('lobby');
  await bob.join('lobby');
  await alice.sees('Bob joined.');
  await bob.message.pressSequentially('H');
  await alice.page.getByText('Bob is typing…').waitFor();
  await bob.say('Hello, Alice');
  await alice.sees('Hello, Alice');
  await alice.say('Hello, Bob');
  await bob.sees('Hello, Bob');
  await alice.page.reload();
  await alice.isIn('#lobby');
  expect(await alice.said()).toEqual(['Hello, Alice', 'Hello, Bob']);
  await alice.page.getByRole('button', { name: 'Message Bob privately' }).click();
  await alice.say('just us two');
  await bob.conversation('Alice, private, 1 unread').waitFor();
}

/** A room by invitation. */
async function invite(visits: Visits, { pageUrl, webSockets }: Home): Promise<void> {
  const prepare = pointTo(webSockets);
  const alice = await visits.enter(pageUrl, 'Alice', { prepare });
  const link = await alice.makePrivateRoom('board');
  await alice.isIn('board');
  await alice.say('only for those who are invited');
  await alice.sees('only for those who are invited');

  const forged = await visits.enter(
    link.replace(/.$/, (last) => (last === 'A' ? 'B' : 'A')),
    'Mallory',
    { prepare },
  );
  await forged.isTold('This room is not open to you: ask for an invitation.');
  expect(await forged.conversations()).toEqual([
    'booth, 0 people',
    'kitchen, 0 people',
    'lobby, 0 people',
    'workshop, 0 people',
  ]);

  const bob = await visits.enter(link, 'Bob', { prepare });
  await bob.isIn('board');
  await bob.sees('only for those who are invited');
  await bob.say('thank you');
  await alice.sees('thank you');
  await bob.page.reload();
  await bob.isIn('board');
  expect(await bob.said()).toEqual(['only for those who are invited', 'thank you']);
}

/** The booth, with four places. */
async function crowd(visits: Visits, { pageUrl, webSockets }: Home): Promise<void> {
  const enter = (name: string): Promise<Person> => visits.enter(pageUrl, name, { prepare: pointTo(webSockets) });
  const sitting: Person[] = [];
  for (const name of ['One', 'Two', 'Three', 'Four']) sitting.push(await enter(name));
  for (const person of sitting) await person.join('booth');
  const fifth = await enter('Five');
  await fifth.conversation('booth, 4 people').click();
  await fifth.page.getByText('This room is full.').waitFor();
  await fifth.message.waitFor({ state: 'hidden' });
  await fifth.conversation('booth, 4 people, full').waitFor();
  await sitting[0]!.leave();
  await fifth.isIn('#booth');
  await sitting[1]!.sees('Five joined.');
  await sitting[0]!.conversation('booth, 4 people').click();
  await sitting[0]!.page.getByText('This room is full.').waitFor();
  await sitting[0]!.page.getByRole('button', { name: 'Do not wait' }).click();
  await sitting[0]!.page.getByRole('heading', { name: 'Pick a room' }).waitFor();
}

describeInBrowser('The pages of the sample chat', () => {
  const visits = useVisits();
  const homes = new Homes();
  afterEach(() => homes.close());

  describeWithRedis('on two nodes', () => {
    it('show two people to each other', async () => meet(visits, await homes.opened(twoNodes())), 60_000);
    it('open a private room by invitation only', async () => invite(visits, await homes.opened(twoNodes())), 60_000);
    it(
      'tell that a room is full, and enter when there is a place',
      async () => crowd(visits, await homes.opened(twoNodes())),
      60_000,
    );
  });

  describeWithRedis('on Lambda', () => {
    it('show two people to each other', async () => meet(visits, await homes.opened(lambda())), 60_000);
    it('open a private room by invitation only', async () => invite(visits, await homes.opened(lambda())), 60_000);
    it(
      'tell that a room is full, and enter when there is a place',
      async () => crowd(visits, await homes.opened(lambda())),
      60_000,
    );
  });

  describeWithRedis('of which one is killed', () => {
    let home: Awaited<ReturnType<typeof twoNodes>>;

    beforeEach(async () => {
      home = await homes.opened(twoNodes());
    });

    it('all go on by themselves, and nothing is lost or doubled', async () => {
      const [first, second] = home.nodes;
      // Each begins with the node that its page came from, and knows the other.
      const at = (node: typeof first, other: typeof first): Visit => ({
        prepare: pointTo([node.webSocketUrl, other.webSocketUrl]),
      });
      const alice = await visits.enter(first.url, 'Alice', at(first, second));
      const bob = await visits.enter(second.url, 'Bob', at(second, first));
      const chidi = await visits.enter(first.url, 'Chidi', at(first, second));
      const people = [alice, bob, chidi];
      for (const person of people) {
        person.expectOutage();
        await person.join('lobby');
      }
      const expected: string[] = [];
      const talk = async (person: Person, name: string, round: number): Promise<void> => {
        expected.push(`${name} ${round}`);
        await person.say(`${name} ${round}`);
      };
      for (let round = 0; round < 12; round++) {
        await talk(alice, 'Alice', round);
        await talk(bob, 'Bob', round);
        if (round === 5) await first.kill();
      }
      for (const person of people) await person.sees('Alice 11');
      for (const person of people) await person.status.getByText('Connected').waitFor({ state: 'attached' });
      const heard = await bob.said();
      expect([...heard].sort()).toEqual([...expected].sort());
      for (const person of [alice, chidi]) expect(await person.said()).toEqual(heard);
      for (const name of ['Alice', 'Bob', 'Chidi']) expect(await bob.member(name).count()).toBe(1);
      expect(await bob.log.getByText(/You missed/).count()).toBe(0);

      await chidi.say('still here');
      for (const person of people) await person.sees('still here');
    }, 60_000);
  });
});
