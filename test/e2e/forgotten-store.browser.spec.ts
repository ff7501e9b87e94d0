import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals';
import type { Browser } from 'playwright-core';
import { describeInBrowser, launchBrowser } from '../support/browser.js';
import { describeWithRedis, RedisServer } from '../support/redis.server.js';
import { intercept, type Visit } from './interception.js';
import { Person } from './person.js';
import { SampleProcess } from './sample-process.js';

const KEEP_ALIVE = '04:00';

/** What a server says that has lost the names, too, as one does that keeps them in the same Redis. */
const NO_NAME = '{"type": "error", "action": "say", "code": "no-name", "message": "Choose a name first."}';
const NOT_IN_ROOM =
  '{"type": "error", "action": "say", "code": "not-in-room", "message": "Join #lobby to talk there."}';

let browser: Browser;
let redis: RedisServer;
let sample: SampleProcess;
let people: Person[];

async function visit({ prepare, ...options }: Visit = {}): Promise<Person> {
  const context = await browser.newContext(options);
  await prepare?.(context);
  const person = await Person.visit(sample.url, context);
  people.push(person);
  return person;
}

async function enterLobby(name: string, options?: Visit): Promise<Person> {
  const person = await visit(options);
  await person.choose(name);
  await person.join('lobby');
  return person;
}

/** Empties the store as a crash does; resolves once the application can use it again. */
async function crashRedis(): Promise<void> {
  await redis.kill();
  await redis.restart();
  // Let in only by a server that reaches its store, and tries until then.
  const witness = await visit();
  witness.forgive(/WebSocket connection to .* failed/);
  await witness.page.getByText('Connected').first().waitFor();
}

/** How often a text stands in somebody's log. */
function times({ log }: Person, text: string): Promise<number> {
  return log.getByText(text, { exact: true }).count();
}

describeInBrowser('The page of the sample chat, forgotten by the server', () => {
  describeWithRedis('on Redis', () => {
    beforeAll(async () => {
      browser = await launchBrowser();
    });

    afterAll(async () => {
      await browser.close();
    });

    beforeEach(async () => {
      people = [];
      redis = await RedisServer.start();
      // A node of a cluster would register everything again before a page has noticed.
      sample = await SampleProcess.start(0, { WEBSOCKET_REDIS_URL: redis.url, WEBSOCKET_CLUSTER: 'false' });
    });

    afterEach(async () => {
      for (const context of browser.contexts()) await context.close();
      await sample.stop();
      await redis.kill();
      expect(people.flatMap(({ problems }) => problems)).toEqual([]);
    });

    it('goes on in its room with what it says next, and delivers that once', async () => {
      const alice = await enterLobby('Alice');
      const bob = await enterLobby('Bob');
      await crashRedis();

      await bob.say('anyone?');
      await bob.sees('anyone?');
      await alice.say('I am');
      await bob.sees('I am');
      await bob.say('good');
      await alice.sees('good');

      expect(await times(bob, 'anyone?')).toBe(1);
      for (const person of [alice, bob]) {
        expect(await times(person, 'I am')).toBe(1);
        await person.conversation('lobby, 2 people, joined').waitFor();
        await person.member('Alice').waitFor();
        await person.member('Bob').waitFor();
        expect(await person.message.inputValue()).toBe('');
        expect(await person.page.getByRole('alert').textContent()).toBe('');
      }
    });

    it('hears of its rooms again, without a word, once it has kept its connection alive', async () => {
      const alice = await enterLobby('Alice');
      const bob = await enterLobby('Bob', { prepare: (context) => context.clock.install() });
      await crashRedis();

      await bob.page.clock.runFor(KEEP_ALIVE);
      await alice.say('still there?');
      await bob.member('Alice').waitFor();
      await bob.sees('still there?');
    });

    it('goes on in its room when the names are forgotten as well', async () => {
      let isForgotten = true;
      const alice = await enterLobby('Alice', {
        prepare: intercept('"say"', (pass, answer) => {
          if (isForgotten) answer(NO_NAME);
          else pass();
          isForgotten = false;
        }),
      });
      const bob = await enterLobby('Bob');
      await alice.say('hello');
      await bob.sees('hello');
      expect(await times(bob, 'hello')).toBe(1);
    });

    it('sends a message twice and no more, and gives it back with the reason', async () => {
      let attempts = 0;
      const alice = await enterLobby('Alice', {
        prepare: intercept('"say"', (_, answer) => {
          attempts++;
          answer(NOT_IN_ROOM);
        }),
      });
      await alice.say('hello?');
      await alice.isTold('Join #lobby to talk there.');
      expect(await alice.message.inputValue()).toBe('hello?');
      expect(attempts).toBe(2);
    });

    it('asks for another name when somebody took its own meanwhile, and goes on in its room with that', async () => {
      const alice = await enterLobby('Alice');
      await crashRedis();
      const other = await enterLobby('alice');

      await alice.say('it is me');
      await alice.page.getByText('Alice is here already.').waitFor();
      await alice.choose('Alicia');
      await other.member('Alicia').waitFor();
      expect(await alice.message.inputValue()).toBe('it is me');
    });
  });
});
