import { Conversation } from './conversation.js';
import { callOf } from './people.js';
import { createKey } from './session.js';

const PROBLEMS = {
  'not-here': (name) => `${name} is not here.`,
  'bad-message': () => 'That cannot be sent.',
};

/** Messages between two people. Nothing of them is kept anywhere. */
export class Thread extends Conversation {
  state = 'open';
  isPrivate = true;
  #client;
  #me;

  constructor(client, me, userId) {
    super(userId, callOf(userId));
    this.#client = client;
    this.#me = me;
  }

  async say(text) {
    const ref = createKey();
    this.wait(ref, text);
    try {
      const { problem, timestamp } = await this.#send(text);
      if (problem !== undefined) throw new Error(PROBLEMS[problem](this.title));
      this.add({ from: this.#me, text, at: timestamp, isOwn: true });
    } finally {
      this.settle(ref);
    }
  }

  async #send(text) {
    try {
      return await this.#client.request('direct', { to: this.id, text });
    } catch (error) {
      // The connection ended between the message and its answer, and the message had been sent.
      if (error.code === 'duplicate') return {};
      throw error;
    }
  }

  type() {}

  leave() {}
}
