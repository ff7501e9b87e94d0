/** What was sent and not answered yet, to give back what is refused. */
export class Outbox {
  #unanswered = [];

  add(conversation, text) {
    this.#unanswered.push({ conversation, text });
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

  clear() {
    this.#unanswered = [];
  }

  #take(isMeant) {
    const index = this.#unanswered.findIndex(isMeant);
    return index === -1 ? undefined : this.#unanswered.splice(index, 1)[0];
  }
}
