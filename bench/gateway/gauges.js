import { setTimeout } from 'node:timers/promises';
import { performance } from 'node:perf_hooks';
import process from 'node:process';

/** The longest gap between two turns of a timer of 1 ms. */
export class StallWatch {
  #longest = 0;
  #last = performance.now();
  #timer = globalThis.setInterval(() => this.#look(), 1);

  /** Forgets what was, once the timer runs. */
  async settle() {
    await setTimeout(5);
    this.#longest = 0;
  }

  async end() {
    await setTimeout(2);
    this.#look();
    globalThis.clearInterval(this.#timer);
    return this.#longest;
  }

  #look() {
    const now = performance.now();
    this.#longest = Math.max(this.#longest, now - this.#last);
    this.#last = now;
  }
}

/** The CPU time of this process, with every thread of it, in µs. */
export function cpuUsOfProcess() {
  const { user, system } = process.cpuUsage();
  return user + system;
}

/** Resident memory once there is nothing left to collect. */
export async function memoryOfProcess() {
  for (let round = 0; round < 4; round++) {
    globalThis.gc();
    await setTimeout(100);
  }
  return { rss: process.memoryUsage.rss(), heapUsed: process.memoryUsage().heapUsed };
}

/** What a server of this process has spent and written. */
export function gaugesOf(server) {
  const sockets = new Set();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  return {
    written: () => [...sockets].reduce((sum, { bytesWritten }) => sum + bytesWritten, 0),
    isDrained: () => [...sockets].every(({ writableLength }) => writableLength === 0),
    cpuUs: cpuUsOfProcess,
    memory: memoryOfProcess,
    watchStalls: () => new StallWatch(),
  };
}
