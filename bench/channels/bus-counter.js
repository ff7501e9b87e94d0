/** What the header of a message on the bus begins with. */
const OPENING = '{'.charCodeAt(0);

/** Counts what nodes say to one another through Redis. */
export class BusCounter {
  static async start(redis, keyPrefix) {
    const counter = new BusCounter(await redis.connect());
    await counter.listener.pSubscribe(`${keyPrefix}node:*`, (bytes) => counter.#count(bytes), true);
    return counter;
  }

  requests = 0;
  answers = 0;

  constructor(listener) {
    this.listener = listener;
  }

  async end() {
    // What was published before has been passed on when this is answered.
    await this.listener.ping();
    await this.listener.pUnsubscribe();
    return { requests: this.requests, answers: this.answers };
  }

  #count(bytes) {
    if (bytes[0] !== OPENING) return;
    const { type } = JSON.parse(bytes.subarray(0, bytes.indexOf('\n')).toString());
    if (type === 'reply') this.answers++;
    else this.requests++;
  }
}
