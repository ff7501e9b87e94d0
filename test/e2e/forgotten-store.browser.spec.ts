import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { describeInBrowser } from '../support/browser.js';
import { describeWithRedis, RedisServer } from '../support/redis.server.js';
import { useVisits, type Visits } from './browser-visits.js';
import { SECRETS } from './homes.js';
import type { Visit } from './interception.js';
import type { Person } from './person.js';
import { SampleProcess } from './sample-process.js';

/** More than the server asks pages to wait between two pings. */
const KEEP_ALIVE = '00:30';

describeWithRedis('The page of the sample chat, forgotten by a server on Redis', () => {
  let visits: Visits;
  let redis: RedisServer;
  let sample: SampleProcess;

  async function enterLobby(name: string, options?: Visit): Promise<Person> {
    const person = await visits.enter(sample.url, name, options);
    await person.join('lobby');
    return person;
  }

  /** Empties the store as a crash does; resolves once the application can use it again. */
  async function crashRedis(): Promise<void> {
    await redis.kill();
    await redis.restart();
    // Let in only by a server that reaches its store, and tries until then.
    const witness = await visits.visit(sample.url);
    witness.expectOutage();
    await witness.enter('Witness');
  }

  /** How often a text stands in somebody's log. */
  async function times(person: Person, text: string): Promise<number> {
    return (await person.said()).filter((said) => said === text).length;
  }

  describeInBrowser('in a browser', () => {
    visits = useVisits();

    beforeEach(async () => {
      redis = await RedisServer.start();
      // A node of a cluster would register everything again before a page has noticed.
      sample = await SampleProcess.start(0, { ...SECRETS, REDIS_URL: redis.url, WEBSOCKET_CLUSTER: 'false' });
    });

    afterEach(async () => {
      await sample.stop();
      await redis.kill();
    });

    it('goes on in its room with what it says next, and delivers that once', async () => {
      const alice = await enterLobby('Alice');
      const bob = await enterLobby('Bob');
      await bob.say('before');
      await alice.sees('before');
      await crashRedis();

      await bob.say('anyone?');
      await bob.sees('anyone?');
      await alice.say('I am');
      await bob.sees('I am');
      await bob.say('good');
      await alice.sees('good');

      expect(await times(bob, 'anyone?')).toBe(1);
      // What was said meanwhile is there, and who cannot know whether that is all is told so.
      expect(await alice.said()).toEqual(['before', 'anyone?', 'I am', 'good']);
      expect(await alice.log.getByText(/^You missed messages/).count()).toBe(1);
      for (const person of [alice, bob]) {
        expect(await times(person, 'I am')).toBe(1);
        await person.conversation('lobby, 2 people, joined').waitFor();
        await person.member('Alice').waitFor();
        await person.member('Bob').waitFor();
        expect(await person.message.inputValue()).toBe('');
        expect(await person.page.locator('#problem').textContent()).toBe('');
      }
    });

    it('hears of its room again, without a word, once it has kept its connection alive', async () => {
      const alice = await enterLobby('Alice');
      const bob = await enterLobby('Bob', { prepare: (context) => context.clock.install() });
      await crashRedis();

      await bob.page.clock.runFor(KEEP_ALIVE);
      await alice.say('still there?');
      await bob.member('Alice').waitFor();
      await bob.sees('still there?');
    });

    it('comes back into a private room with its invitation', async () => {
      const alice = await enterLobby('Alice');
      const link = await alice.makePrivateRoom('board');
      const bob = await visits.enter(link, 'Bob');
      await bob.isIn('board');
      await crashRedis();

      await alice.say('are we alone?');
      await alice.sees('are we alone?');
      await bob.say('we are');
      await alice.sees('we are');
      await alice.member('Bob').waitFor();
    });
  });
});
