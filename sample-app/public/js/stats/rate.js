/** Finds out how many messages were published between two answers, by the numbers that channels give them. */
export class Rate {
  #numbers = null;
  #at = 0;

  /** The messages a second since the last call; 0 at the first. */
  next(channels, now) {
    const before = this.#numbers;
    const numbers = new Map(channels.map(({ channel, messages }) => [channel, messages]));
    const seconds = (now - this.#at) / 1_000;
    this.#numbers = numbers;
    this.#at = now;
    if (before === null) return 0;
    // A channel that was not there before may be an old one that somebody came back to.
    const since = ([channel, messages]) => Math.max(0, messages - (before.get(channel) ?? messages));
    return [...numbers].map(since).reduce((sum, more) => sum + more, 0) / seconds;
  }
}
