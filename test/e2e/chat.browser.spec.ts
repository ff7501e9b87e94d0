import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals';
import type { Browser, BrowserContextOptions } from 'playwright-core';
import { describeInBrowser, launchBrowser } from '../support/browser.js';
import { Person } from './person.js';
import { SampleProcess } from './sample-process.js';

let browser: Browser;
let sample: SampleProcess;
let people: Person[];

/** Opens the page in a browser of their own. */
async function visit(options: BrowserContextOptions = {}): Promise<Person> {
  const person = await Person.visit(sample.url, await browser.newContext(options));
  people.push(person);
  return person;
}

async function enter(name: string, options?: BrowserContextOptions): Promise<Person> {
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
    await other.page.getByRole('alert').getByText('alice is here already.').waitFor();
    await other.choose('<script>');
    await other.page
      .getByRole('alert')
      .getByText(/^A name has 1 to 24 letters/)
      .waitFor();
    await other.choose('Alicia');
    await other.page.getByRole('heading', { name: 'Pick a room' }).waitFor();
  });

  it('finds back into its rooms under its name when the server was away', async () => {
    const alice = await enter('Alice');
    await alice.join('lobby');
    const { port } = sample;
    await sample.stop();
    await alice.page.getByText('The connection is lost. Trying to get it back…').waitFor();
    sample = await SampleProcess.start(port);
    const bob = await enter('Bob');
    await alice.page.getByText('Connected').last().waitFor();
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

  it('shows what the gateway itself answers, and gives the message back', async () => {
    const alice = await visit();
    await alice.page.routeWebSocket(/\/ws$/, (socket) => {
      const server = socket.connectToServer();
      socket.onMessage((message) => {
        if (!String(message).includes('"say"')) server.send(message);
        else socket.send('{"message": "Forbidden", "connectionId":"A=", "requestId":"B="}');
      });
    });
    await alice.page.reload();
    await alice.choose('Alice');
    await alice.join('lobby');
    await alice.say('hello?');
    await alice.page.getByRole('alert').getByText('The server answered: Forbidden').waitFor();
    expect(await alice.message.inputValue()).toBe('hello?');
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
