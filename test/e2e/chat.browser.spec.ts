import { afterEach, expect, it } from '@jest/globals';
import { describeInBrowser } from '../support/browser.js';
import { dismissGuests, Guest, say } from './guest.js';
import { Cable, forbidStorage, intercept, SERVER_ERROR } from './interception.js';
import { useSampleVisits } from './sample-visits.js';

const BAD_ROOM = /^A room has 1 to 32 letters/;

describeInBrowser('The page of the sample chat', () => {
  afterEach(dismissGuests);
  const home = useSampleVisits();
  const { enter } = home;

  it('lets two people meet in a room, talk, leave, and notice when a tab is closed', async () => {
    const alice = await enter('Alice');
    const bob = await enter('Bob');
    await alice.join('lobby');
    await bob.join('lobby');
    await alice.sees('Bob joined.');
    for (const person of [alice, bob]) {
      await person.member('Alice').waitFor();
      await person.member('Bob').waitFor();
    }

    await alice.say('Hello, Bob');
    await bob.sees('Hello, Bob');
    await bob.say('Hello, Alice');
    await alice.sees('Hello, Alice');
    for (const person of [alice, bob]) expect(await person.said()).toEqual(['Hello, Bob', 'Hello, Alice']);

    await bob.leave();
    await alice.sees('Bob left.');
    await alice.member('Bob').waitFor({ state: 'detached' });
    await bob.conversation('lobby, 1 person').click();
    await alice.member('Bob').waitFor();
    await alice.conversation('lobby, 2 people, joined').waitFor();

    await bob.page.close();
    await alice.member('Bob').waitFor({ state: 'detached' });
    await alice.conversation('lobby, 1 person, joined').waitFor();
    expect(await alice.member('Alice').count()).toBe(1);
  });

  it('tells who is typing, and that they have stopped', async () => {
    const [alice, bob] = [await enter('Alice'), await enter('Bob')];
    for (const person of [alice, bob]) await person.join('lobby');
    const typing = alice.page.getByText('Bob is typing…');
    await bob.message.pressSequentially('Hel');
    await typing.waitFor();
    await bob.message.fill('');
    await typing.waitFor({ state: 'detached' });
    await bob.message.pressSequentially('Hello');
    await typing.waitFor();
    await bob.message.press('Enter');
    await alice.sees('Hello');
    await typing.waitFor({ state: 'detached' });
  });

  it('counts what was said in rooms that are not on screen', async () => {
    const [alice, bob] = [await enter('Alice'), await enter('Bob')];
    for (const person of [alice, bob]) await person.join('lobby');
    await alice.join('kitchen');
    await bob.say('anyone?');
    await bob.say('hello?');
    await alice.conversation('lobby, 2 people, joined, 2 unread').click();
    await alice.conversation('lobby, 2 people, joined').waitFor();

    // What was there before the page is no news.
    await alice.conversation('kitchen, 1 person, joined').click();
    await alice.page.reload();
    await alice.isIn('#kitchen');
    await alice.conversation('lobby, 2 people, joined').click();
    await alice.sees('hello?');
  });

  it('shows a private message to the one it is for, and to nobody else', async () => {
    const [alice, bob, chidi] = [await enter('Alice'), await enter('Bob'), await enter('Chidi')];
    for (const person of [alice, bob, chidi]) await person.join('lobby');

    await alice.page.getByRole('button', { name: 'Message Bob privately' }).click();
    await alice.page.getByText('Private: only you two see this').waitFor();
    await alice.say('between you and me');
    await alice.sees('between you and me');
    await bob.conversation('Alice, private, 1 unread').click();
    await bob.sees('between you and me');
    await bob.say('my lips are sealed');
    await alice.sees('my lips are sealed');

    // By the time this has arrived, anything sent before it would have.
    await alice.conversation('lobby, 3 people, joined').click();
    await alice.say('to everyone');
    await chidi.sees('to everyone');
    expect(await chidi.conversations()).toEqual([
      'booth, 0 people',
      'kitchen, 0 people',
      'lobby, 3 people, joined',
      'workshop, 0 people',
    ]);
    expect(await chidi.page.content()).not.toMatch(/between you and me|my lips are sealed/);
    expect(await alice.said()).toEqual(['to everyone']);
  });

  it('tells that somebody is gone, and gives the private message back', async () => {
    const [alice, bob] = [await enter('Alice'), await enter('Bob')];
    for (const person of [alice, bob]) await person.join('lobby');
    await alice.page.getByRole('button', { name: 'Message Bob privately' }).click();
    await alice.say('still there?');
    await alice.sees('still there?');
    await bob.page.close();
    await alice.conversation('lobby, 1 person, joined').waitFor();
    await alice.say('and now?');
    await alice.isTold('Bob is not here.');
    expect(await alice.message.inputValue()).toBe('and now?');
  });

  it('tells two people of one name apart, and lets neither be the other', async () => {
    const [alice, other, bob] = [await enter('Alice'), await enter('Alice'), await enter('Bob')];
    for (const person of [alice, other, bob]) await person.join('lobby');
    expect(await bob.member(/^Alice ~[\w-]{4}$/).count()).toBe(2);
    await bob.page
      .getByRole('button', { name: /^Message Alice/ })
      .first()
      .click();
    await bob.say('which one are you?');
    await bob.sees('which one are you?');
    const unread = await Promise.all(
      [alice, other].map((person) => person.conversation('Bob, private, 1 unread').count()),
    );
    expect(unread.sort()).toEqual([0, 1]);
  });

  it('shows markup as the text that it is', async () => {
    const [alice, bob] = [await enter('Alice'), await enter('Bob')];
    for (const person of [alice, bob]) await person.join('lobby');
    const markup = '<img src="x" onerror="document.title = \'taken over\'"><b>bold</b>';
    await alice.say(markup);
    await bob.sees(markup);
    expect(await bob.log.locator('img, b').count()).toBe(0);
    expect(await bob.page.title()).toBe('#lobby');
  });

  it('says so when a name or a room cannot be called that', async () => {
    const alice = await home.visit();
    await alice.choose('<script>');
    await alice.isTold(/^A name has 1 to 24 letters/);
    await alice.enter('Alice');
    await alice.ask('<room>');
    await alice.isTold(BAD_ROOM);
    await alice.ask('Tea   Ｔime');
    await alice.isIn('#tea time');
  });

  it('finds its name, its rooms, and what was said there after a reload', async () => {
    const [alice, bob] = [await enter('Alice'), await enter('Bob')];
    await alice.join('kitchen');
    for (const person of [alice, bob]) await person.join('lobby');
    await alice.say('before');
    await bob.sees('before');
    await alice.page.reload();
    await alice.isIn('#lobby');
    await bob.say('after');
    await alice.sees('after');
    expect(await alice.said()).toEqual(['before', 'after']);
    await alice.log.getByText('You', { exact: true }).waitFor();
    await alice.conversation('kitchen, 1 person, joined').waitFor();
    // A reload is no departure.
    expect(await bob.log.getByText(/Alice (joined|left)/).count()).toBe(0);
    expect(await bob.member('Alice').count()).toBe(1);
  });

  it('counts down to the next attempt while the server is away, and sends then what was written meanwhile', async () => {
    const alice = await enter('Alice');
    alice.expectOutage();
    await alice.join('lobby');
    const { port } = home.sample;
    await home.sample.kill();
    await alice.status.getByText('The connection is lost. Trying to get it back…').waitFor({ state: 'attached' });
    await alice.page
      .getByRole('main')
      .getByText(/^The connection is lost\. Next attempt in \d+ s…$/)
      .waitFor();
    await alice.say('anybody?');
    await alice.page.getByText('Sending…').waitFor();
    await home.start(port);
    const bob = await enter('Bob');
    await bob.join('lobby');
    await bob.sees('anybody?');
    await alice.status.getByText('Connected').waitFor({ state: 'attached' });
    await alice.page.getByText('Sending…').waitFor({ state: 'detached' });
    expect(await alice.said()).toEqual(['anybody?']);
  });

  it('shows what was said while it was away, and says so only where some of it is lost', async () => {
    const cable = new Cable();
    const [alice, bob] = [await enter('Alice', { prepare: cable.lay }), await enter('Bob')];
    for (const person of [alice, bob]) await person.join('lobby');
    await bob.say('one');
    await alice.sees('one');
    await cable.cut();
    await bob.say('two');
    await bob.sees('two');
    cable.mend();
    await alice.sees('two');
    const missed = alice.log.getByText(/^You missed messages/);
    expect(await missed.count()).toBe(0);

    await cable.cut();
    const many = Array.from({ length: 101 }, (_, index) => `number ${index}`);
    const chidi = await (await Guest.enter([home.sample.webSocketUrl], 'Chidi')).join('presence-room.lobby');
    for (const text of many) await say(chidi, text);
    cable.mend();
    await missed.waitFor();
    expect(await alice.said()).toEqual(['one', 'two', ...many.slice(1)]);
  });

  it('gives a message back that the server refuses, in the conversation that it was written in', async () => {
    let refuse: () => void = () => undefined;
    const alice = await enter('Alice', {
      prepare: intercept('"publish"', (_, answer, message) => {
        const { id } = JSON.parse(message) as { id: string };
        const error = { type: 'error', id, action: 'publish', code: 'forbidden', message: 'No.', retry: false };
        refuse = () => answer(JSON.stringify(error));
      }),
    });
    await alice.join('lobby');
    await alice.say('too bold');
    await alice.page.getByText('Sending…').waitFor();
    await alice.join('kitchen');
    refuse();
    await alice.isTold('The server refused that.');
    expect(await alice.message.inputValue()).toBe('');
    await alice.conversation('lobby, 1 person, joined').click();
    expect(await alice.message.inputValue()).toBe('too bold');
    expect(await alice.said()).toEqual([]);
  });

  it('goes on after a frame that is not JSON, and after one of the gateway itself', async () => {
    const alice = await enter('Alice', {
      prepare: intercept('"publish"', (pass, answer) => {
        answer('<html>Bad gateway</html>');
        answer(SERVER_ERROR);
        pass();
      }),
    });
    await alice.join('lobby');
    await alice.say('hello?');
    await alice.sees('hello?');
  });

  it('works where the browser forbids storage', async () => {
    const alice = await enter('Alice', { prepare: forbidStorage });
    await alice.join('lobby');
    await alice.page.getByRole('button', { name: 'Sign out' }).click();
    await alice.page.getByRole('textbox', { name: 'Your name' }).waitFor();
  });
});
