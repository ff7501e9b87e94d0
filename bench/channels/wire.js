import { IO } from './arms/arms.js';

const PUBLISHED_AT = 1_795_291_200_000;
const MESSAGE_ID = 'mtk0bh3v5xJ2uQ8Zc1fYpA';

/** What the clients of our server say, and the kinds of message that they get: the first character of the `type`. */
const OURS = {
  subscribe: (channel, more = {}) => JSON.stringify({ action: 'subscribe', id: '1', channel, ...more }),
  unsubscribe: (channel) => JSON.stringify({ action: 'unsubscribe', id: '2', channel }),
  publish: (channel, data) => JSON.stringify({ action: 'publish', id: '$ID', channel, data }),
  /** A message to the application, which sends on what it would be if it had been published. */
  relay: (channel, data) => {
    const message = { type: 'message', channel, id: MESSAGE_ID, timestamp: PUBLISHED_AT, data };
    return JSON.stringify({ action: 'relay', channel, message });
  },
  kinds: { subscribed: 's', unsubscribed: 'u', message: 'm', joining: 'j', leaving: 'l', error: 'e' },
};

/** The same of socket.io. The server of the benchmark sends no error. */
const SOCKET_IO = {
  subscribe: (channel) => `42${JSON.stringify(['subscribe', { channel }])}`,
  unsubscribe: (channel) => `42${JSON.stringify(['unsubscribe', { channel }])}`,
  publish: (channel, data) => `42${JSON.stringify(['publish', { channel, data }])}`,
  kinds: { subscribed: 's', unsubscribed: 'u', message: 'm', error: 'e' },
};

export const wireOf = (arm) => (arm === IO ? SOCKET_IO : OURS);
