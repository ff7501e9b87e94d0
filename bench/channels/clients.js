// A process with the clients of one stand.
import { performance } from 'node:perf_hooks';
import { answerByName } from '../fanout/answers.js';
import { frameOf } from '../gateway/text-frame.js';
import { Client } from './client.js';

/** How many handshakes are under way at once. */
const AT_ONCE = 64;

const code = (kind) => kind.charCodeAt(0);

let clients = [];
let unlike = 0;

/** Each text has an id of its own where it says `$ID`. */
const unique = (text) => text.replace('$ID', () => `b${++unlike}`);

function refuse(reject, read) {
  reject(new Error(`A client was refused: ${read()}`));
}

/** Runs for each number below `count`, so many at a time. */
async function forEach(count, atOnce, run) {
  let next = 0;
  const one = async () => {
    while (next < count) await run(next++);
  };
  await Promise.all(Array.from({ length: atOnce }, one));
}

const questions = {
  /** Opens so many clients, who take the nodes in turn. */
  async open({ count, nodes }) {
    await forEach(count, AT_ONCE, async (index) => {
      clients[index] = new Client(nodes[index % nodes.length]);
      await clients[index].opened;
    });
    return {};
  },

  /**
   * The first `count` clients ask all at once. Answers when each has its answer and every other client was told of each, if it is to be: how long each waited for its
   * answer, and how long it all took, in ms.
   *
   * @param told the kind of message by which the others are told
   */
  async request({ text, count, answer, error, told }) {
    const [frame, waits] = [frameOf(text), []];
    const others = told === undefined ? [] : clients.slice(count);
    let open = count + others.length * count;
    const elapsedMs = await new Promise((resolve, reject) => {
      const start = performance.now();
      const done = () => (open -= 1) === 0 && resolve(performance.now() - start);
      for (const client of others) {
        client.onMessage = (kind, read) => {
          if (kind === code(error)) refuse(reject, read);
          else if (kind === code(told)) done();
        };
      }
      for (const client of clients.slice(0, count)) {
        const asked = performance.now();
        client.onMessage = (kind, read) => {
          if (kind === code(error)) refuse(reject, read);
          if (kind !== code(answer)) return;
          client.onMessage = () => undefined;
          waits.push(performance.now() - asked);
          done();
        };
        client.send(frame);
      }
    });
    for (const client of clients) client.onMessage = () => undefined;
    return { elapsedMs, waits: Float64Array.from(waits) };
  },

  /** One client publishes, so many times, each when all have the one before: after how long each of the clients had it. */
  async publish({ text, times, answer, error }) {
    const waits = [];
    let elapsedMs = 0;
    let bytes = 0;
    for (let time = 0; time < times; time++) {
      const frame = frameOf(unique(text));
      elapsedMs += await new Promise((resolve, reject) => {
        let open = clients.length;
        const start = performance.now();
        const onMessage = (kind, read, size) => {
          if (kind === code(error)) refuse(reject, read);
          if (kind !== code(answer)) return;
          bytes = size;
          waits.push(performance.now() - start);
          if ((open -= 1) === 0) resolve(performance.now() - start);
        };
        for (const client of clients) client.onMessage = onMessage;
        clients[0].send(frame);
      });
    }
    return { elapsedMs, bytes, waits: Float64Array.from(waits) };
  },

  /** Resolves when the server of every client is gone. */
  async lose() {
    await Promise.all(clients.map(({ closed }) => closed));
    clients = [];
    return {};
  },

  /** So many clients come, as fast as handshakes go, each asks once it is open, and is there with the answer, which says `says`. */
  async come({ count, atOnce, text, answer, error, says, ...to }) {
    const [frame, waits] = [frameOf(text), []];
    const start = performance.now();
    const arrivals = [];
    await forEach(count, atOnce, async () => {
      const came = performance.now();
      const client = new Client(to);
      const arrival = new Promise((resolve, reject) => {
        client.onMessage = (kind, read) => {
          if (kind === code(error) || (kind === code(answer) && !read().includes(says))) refuse(reject, read);
          if (kind !== code(answer)) return;
          waits.push(performance.now() - came);
          resolve();
        };
      });
      arrivals.push(arrival);
      await client.opened;
      clients.push(client);
      client.send(frame);
    });
    await Promise.all(arrivals);
    return { elapsedMs: performance.now() - start, waits: Float64Array.from(waits) };
  },
};

answerByName(questions, { ready: true });
