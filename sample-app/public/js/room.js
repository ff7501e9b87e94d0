import { Conversation } from './conversation.js';
import { callOf, meet } from './people.js';
import { createKey } from './session.js';

/** A reload is no departure: whoever is back by then has not left. */
const LEAVING_MS = 3_000;
/** How often the others are told that somebody types, and how long they believe it. */
const TYPING_EVERY_MS = 2_000;
const TYPING_FOR_MS = 5_000;
/** A message waits this long for a connection. */
const PUBLISH_MS = 60_000;

/** A room: a channel of the server. Fires `closed` with the error, when it is over. */
export class Room extends Conversation {
  #me;
  #subscription;
  #isHistory = true;
  #leavings = new Map();
  #typists = new Map();
  #toldTypingAt = -Infinity;

  /** @param entry how to come back: `{ channel, title, invitation }` */
  constructor(client, me, entry) {
    super(entry.channel, entry.title);
    this.entry = entry;
    this.isPrivate = entry.invitation !== undefined;
    this.#me = me;
    const { invitation } = entry;
    const room = (this.#subscription = client.join(entry.channel, { history: 100, data: { invitation } }));
    room.ready.then(
      () => this.#entered(),
      () => undefined,
    );
    room.onStatus((status, error) => this.#moved(status, error));
    room.onClosed((error) => this.dispatchEvent(new CustomEvent('closed', { detail: error })));
    room.on('said', (data, message) => this.#heard(data, message));
    room.onGap(() => this.#lost());
    room.onHere((members) => this.#here(members));
    room.onJoining(({ id }) => this.#joined(id));
    room.onLeaving(({ id }) => this.#left(id));
    room.onWhisper('typing', ({ on }, from) => this.#typed(from, on));
  }

  /** Rejects with why it was not said. */
  async say(text) {
    const ref = createKey();
    this.#toldTypingAt = -Infinity;
    this.wait(ref, text);
    try {
      await this.#subscription.publish({ text, ref }, { event: 'said', timeoutMs: PUBLISH_MS });
    } catch (error) {
      this.settle(ref);
      throw error;
    }
  }

  type(isTyping) {
    const isTold = Date.now() - this.#toldTypingAt < TYPING_EVERY_MS;
    if (this.state !== 'open' || isTyping === isTold) return;
    this.#toldTypingAt = isTyping ? Date.now() : -Infinity;
    this.#subscription.whisper('typing', { on: isTyping });
  }

  leave() {
    this.#subscription.unsubscribe();
    for (const timer of [...this.#leavings.values(), ...this.#typists.values()]) clearTimeout(timer);
  }

  #entered() {
    this.#isHistory = false;
    this.tell('You joined.');
  }

  #moved(status, error) {
    if (status === 'subscribed') this.state = 'open';
    else this.state = error?.code === 'channel-full' ? 'full' : 'joining';
    this.changed();
  }

  #heard({ text, ref }, { from, timestamp }) {
    const isOwn = from === this.#me;
    meet(from);
    this.#typed(from, false);
    if (isOwn) this.settle(ref);
    this.add({ from, text, at: timestamp, isOwn }, !this.#isHistory);
  }

  #lost() {
    if (this.#isHistory) return;
    this.tell('You missed messages while you were away: they are not kept any more.');
  }

  #here(members) {
    for (const { id } of members) this.#stay(id);
    this.#counted();
  }

  #joined(id) {
    this.#counted();
    if (!this.#stay(id) && id !== this.#me) this.tell(`${callOf(id)} joined.`);
  }

  #left(id) {
    this.#typed(id, false);
    this.#counted();
    const timer = setTimeout(() => {
      this.#leavings.delete(id);
      this.tell(`${callOf(id)} left.`);
    }, LEAVING_MS);
    this.#leavings.set(id, timer);
  }

  /** Takes back that somebody left; tells whether they were about to. */
  #stay(id) {
    meet(id);
    clearTimeout(this.#leavings.get(id));
    return this.#leavings.delete(id);
  }

  #counted() {
    this.members = [...this.#subscription.members.keys()];
    this.members.forEach(meet);
    this.members.sort((a, b) => callOf(a).localeCompare(callOf(b)));
    this.changed();
  }

  #typed(id, isTyping) {
    if (id === this.#me) return;
    clearTimeout(this.#typists.get(id));
    if (isTyping)
      this.#typists.set(
        id,
        setTimeout(() => this.#typed(id, false), TYPING_FOR_MS),
      );
    else this.#typists.delete(id);
    this.typing = new Set(this.#typists.keys());
    this.changed();
  }
}
