import type { ClientClock, WebSocketClientOptions } from './client.options.js';

/** How long the server may take to let in, to welcome, or to answer a ping. */
export const SILENCE_MS = 10_000;

/** What the parts of a client share. */
export interface Tools extends ClientClock {
  random(): number;
  /** Unique among all requests of all clients: 128 random bits, and a count. */
  nextId(): string;
  /** How long to wait before an attempt, in milliseconds: full jitter, doubling from 0 on. */
  jitter(attempt: number): number;
}

const systemClock: ClientClock = {
  now: () => Date.now(),
  after(delayMs, task) {
    const timer = setTimeout(task, delayMs);
    return () => clearTimeout(timer);
  },
};

export function toolsOf({ clock = systemClock, random = Math.random, reconnect = {} }: WebSocketClientOptions): Tools {
  const { minDelayMs = 1_000, maxDelayMs = 60_000 } = reconnect;
  // About 38 digits: 22 make an id unique among all clients.
  const prefix = `${crypto.getRandomValues(new Uint32Array(4)).join('')}.`;
  let count = 0;
  return {
    now: () => clock.now(),
    after: (delayMs, task) => clock.after(delayMs, task),
    random,
    nextId: () => prefix + (count++).toString(36),
    jitter: (attempt) => random() * Math.min(maxDelayMs, minDelayMs * 2 ** attempt),
  };
}
