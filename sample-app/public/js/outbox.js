/** What was sent and not answered yet, to give back what is refused, and what waits to be sent again. */
export class Outbox {
  #unanswered = [];
  #held = [];

  add(conversation, text, { isRepeated = false } = {}) {
    this.#unanswered.push({ conversation, text, isRepeated });
  }

  /** Keeps a refused message to be sent again; tells whether it may be, which is once. */
  hold(message) {
    if (message === undefined || message.isRepeated) return false;
    this.#held.push(message);
    return true;
  }

  /** Takes out what is held for the conversations meant. */
  release(isMeant = () => true) {
    const released = this.#held.filter(({ conversation }) => isMeant(conversation));
    this.#held = this.#held.filter((message) => !released.includes(message));
    return released;
  }

  /** Forgets a message that came back as everyone sees it. */
  delivered({ id }, text) {
    this.#take((sent) => sent.conversation.id === id && sent.text === text);
  }

  /** Takes out the message that a refusal is about: answers come in the order of requests. `undefined` when it is about none. */
  refused(action) {
    return this.#take(({ conversation }) => action === (conversation.isRoom ? 'say' : 'whisper'));
  }

  /** The same for an error of the gateway, which does not say what it was about. */
  failed() {
    return this.#unanswered.shift();
  }

  /** Forgets what may have arrived; what is held has not. */
  clear() {
    this.#unanswered = [];
  }

  #take(isMeant) {
    const index = this.#unanswered.findIndex(isMeant);
    return index === -1 ? undefined : this.#unanswered.splice(index, 1)[0];
  }
}
