import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals';
import type { Browser } from 'playwright-core';
import { describeInBrowser, launchBrowser } from '../support/browser.js';
import { forbidStorage, intercept, SERVER_ERROR, type Visit } from './interception.js';
import { Person } from './person.js';
import { SampleProcess } from './sample-process.js';

let browser: Browser;
let sample: SampleProcess;
let people: Person[];

const BAD_ROOM = /^A room has 1 to 32 letters/;

/** Opens the page in a browser of their own. */
async function visit({ prepare, ...options }: Visit = {}): Promise<Person> {
  const context = await browser.newContext(options);
  await prepare?.(context);
  const person = await Person.visit(sample.url, context);
  people.push(person);
  return person;
}

async function enter(name: string, options?: Visit): Promise<Person> {
  const person = await visit(options);
  await person.choose(name);
  await person.page.getByRole('heading', { name: 'Pick a room' }).waitFor();
  return person;
}

describeInBrowser('The page of the sample chat', () => {
  beforeAll(async () => {
    browser = await launchBrowser();
  });

  afterAll(async () => {
    await browser.close();
  });

  beforeEach(async () => {
    people = [];
    sample = await SampleProcess.start();
  });

  afterEach(async () => {
    for (const context of browser.contexts()) await context.close();
    await sample.stop();
    // No error in any page's console, whatever the test did.
    expect(people.flatMap(({ problems }) => problems)).toEqual([]);
  });

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
    await bob.say('Hello, Alice');
    for (const person of [alice, bob]) {
      await person.sees('Hello, Bob');
      await person.sees('Hello, Alice');
    }

    await bob.page.getByRole('button', { name: 'Leave' }).click();
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
    expect(await chidi.conversations()).toEqual(['kitchen, 0 people', 'lobby, 3 people, joined', 'workshop, 0 people']);
    expect(await chidi.page.content()).not.toMatch(/between you and me|my lips are sealed/);
    expect(await alice.log.textContent()).not.toMatch(/between you and me|my lips are sealed/);
  });

  it('shows markup as the text that it is', async () => {
    const alice = await enter('Alice');
    const bob = await enter('Bob');
    await alice.join('lobby');
    await bob.join('lobby');
    const markup = '<img src="x" onerror="document.title = \'taken over\'"><b>bold</b>';
    await alice.say(markup);
    await bob.sees(markup);
    expect(await bob.log.locator('img, b').count()).toBe(0);
    expect(await bob.page.title()).toBe('#lobby');
  });

  it('says so when a name is taken or cannot be one, and lets in with another', async () => {
    await enter('Alice');
    const other = await visit();
    await other.choose('alice');
    await other.isTold('alice is here already.');
    await other.choose('<script>');
    await other.isTold(/^A name has 1 to 24 letters/);
    await other.choose('Alicia');
    await other.page.getByRole('heading', { name: 'Pick a room' }).waitFor();
  });

  it('finds back into its rooms under its name when the server was away', async () => {
    const alice = await enter('Alice');
    await alice.join('lobby');
    const { port } = sample;
    await sample.stop();
    const status = alice.page.getByRole('status', { includeHidden: true });
    await status.getByText('The connection is lost. Trying to get it back…').waitFor();
    await alice.page.getByRole('main').getByText('The connection is lost. Trying to get it back…').waitFor();
    sample = await SampleProcess.start(port);
    const bob = await enter('Bob');
    await status.getByText('Connected').waitFor();
    expect(await status.count()).toBe(1);
    await bob.conversation('lobby, 1 person').click();
    await bob.member('Alice').waitFor();
    await bob.say('Welcome back');
    await alice.sees('Welcome back');
    // The browser reports each attempt that failed.
    alice.forgive(/WebSocket connection to .* failed/);
  });

  it('finds back into its rooms under its name after a reload', async () => {
    const alice = await enter('Alice');
    await alice.join('kitchen');
    await alice.join('lobby');
    await alice.page.reload();
    await alice.page.getByRole('heading', { name: '#lobby' }).waitFor();
    await alice.conversation('kitchen, 1 person, joined').waitFor();
    expect(await alice.member('Alice').count()).toBe(1);
  });

  it('finds back after a reload into rooms that it joined after others were refused or failed', async () => {
    const alice = await enter('Alice', { prepare: intercept('"broken"', (_, answer) => answer(SERVER_ERROR)) });
    await alice.join('lobby');
    await alice.ask('<room>');
    await alice.isTold(BAD_ROOM);
    await alice.join('workshop');
    await alice.ask('broken');
    await alice.isTold('The server answered: Internal server error');
    await alice.join('kitchen');
    await alice.page.reload();
    await alice.page.getByRole('heading', { name: '#kitchen' }).waitFor();
    await alice.page.getByRole('button', { name: 'Leave' }).click();
    await alice.conversation('kitchen, 0 people').waitFor();
    await alice.page.reload();
    // Asked for after those that it was in, and so answered after them.
    await alice.join('attic');
    const others = ['kitchen, 0 people', 'lobby, 1 person, joined', 'workshop, 1 person, joined'];
    expect(await alice.conversations()).toEqual(['attic, 1 person, joined', ...others]);
  });

  it('finds back after a reload into a room that it joined after a ninth was refused', async () => {
    const alice = await enter('Alice');
    const rooms = Array.from({ length: 8 }, (_, index) => `room ${index + 1}`);
    for (const room of rooms) await alice.join(room);
    await alice.ask('room 9');
    await alice.isTold('You can be in 8 rooms at once. Leave one first.');
    await alice.page.getByRole('button', { name: 'Leave' }).click();
    await alice.join('kitchen');
    await alice.page.reload();
    await alice.page.getByRole('heading', { name: '#kitchen' }).waitFor();
    for (const room of rooms.slice(0, 7)) await alice.conversation(`${room}, 1 person, joined`).waitFor();
  });

  it('opens a room whose name the server writes otherwise', async () => {
    const alice = await enter('Alice');
    await alice.join('lobby');
    await alice.ask('Tea   Ｔime');
    await alice.page.getByRole('heading', { name: '#tea time' }).waitFor();
  });

  it('gives nothing back that was delivered', async () => {
    const alice = await enter('Alice', { prepare: intercept('"broken"', (_, answer) => answer(SERVER_ERROR)) });
    await alice.join('lobby');
    await alice.say('hi');
    await alice.sees('hi');
    await alice.ask('<room>');
    await alice.isTold(BAD_ROOM);
    await alice.ask('broken');
    await alice.isTold('The server answered: Internal server error');
    expect(await alice.message.inputValue()).toBe('');
  });

  it('gives a refused message back in the conversation that it was written in', async () => {
    let release: () => void = () => undefined;
    const alice = await enter('Alice', {
      prepare: intercept('"whisper"', (pass) => {
        release = pass;
      }),
    });
    const bob = await enter('Bob');
    await alice.join('lobby');
    await bob.join('lobby');
    await alice.page.getByRole('button', { name: 'Message Bob privately' }).click();
    await alice.say('are you there?');
    await alice.ask('<room>');
    await alice.isTold(BAD_ROOM);
    expect(await alice.message.inputValue()).toBe('');
    await alice.conversation('lobby, 2 people, joined').click();
    await bob.page.close();
    await alice.sees('Bob left.');
    release();
    await alice.isTold('Bob is not here.');
    expect(await alice.message.inputValue()).toBe('');
    await alice.conversation('Bob, private').click();
    expect(await alice.message.inputValue()).toBe('are you there?');
  });

  it('goes on after a frame that is not JSON', async () => {
    const alice = await enter('Alice', {
      prepare: intercept('"say"', (pass, answer) => {
        answer('<html>Bad gateway</html>');
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

  it('shows what the gateway itself answers, and gives the message back', async () => {
    const alice = await enter('Alice', { prepare: intercept('"say"', (_, answer) => answer(SERVER_ERROR)) });
    await alice.join('lobby');
    await alice.say('hello?');
    await alice.isTold('The server answered: Internal server error');
    expect(await alice.message.inputValue()).toBe('hello?');
  });

  it('reads the messages out as the items of a list', async () => {
    const alice = await enter('Alice');
    await alice.join('lobby');
    await alice.say('one of several');
    await alice.log.getByRole('list').getByRole('listitem').filter({ hasText: 'one of several' }).waitFor();
  });

  it('leaves nothing but the members within reach when they slide in beside the rooms', async () => {
    const alice = await enter('Alice', { viewport: { width: 900, height: 700 } });
    await alice.join('lobby');
    const room = alice.conversation('kitchen, 0 people');
    const focused = alice.page.getByRole('navigation').locator(':focus');
    await alice.page.getByRole('button', { name: 'Show members' }).click();
    await room.focus();
    expect(await focused.count()).toBe(0);
    await alice.page.keyboard.press('Escape');
    await room.focus();
    expect(await focused.count()).toBe(1);
  });

  it('works on a phone, where the lists slide in over the conversation', async () => {
    const bob = await enter('Bob');
    await bob.join('lobby');
    const alice = await visit({ viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true });
    await alice.choose('Alice');
    await alice.conversation('lobby, 1 person').tap();
    await alice.page.getByRole('heading', { name: '#lobby' }).waitFor();
    await alice.conversation('lobby, 2 people, joined').waitFor({ state: 'hidden' });
    await alice.say('from the train');
    await bob.sees('from the train');

    await alice.page.getByRole('button', { name: 'Show members' }).tap();
    await alice.page.keyboard.press('Escape');
    await alice.member('Bob').waitFor({ state: 'hidden' });
    await alice.page.getByRole('button', { name: 'Show members' }).tap();
    await alice.page.getByRole('button', { name: 'Message Bob privately' }).tap();
    await alice.say('from the train, to you');
    await bob.conversation('Alice, private, 1 unread').waitFor();
  });
});
