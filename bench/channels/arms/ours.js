import { listen, startNest } from '../../gateway/arms/nest.js';
import { KEPT, patternOf, PUBLIC, QUIET, TOLD } from './arms.js';

/** More than a publisher that sends one message after another can send. */
const UNLIMITED_PER_SECOND = 1_000_000;

/**
 * The embedded gateway on the HTTP server of a Nest application, with the protocol on, every option at its default but those given. A message that is
 * not the protocol's is passed on by the application, with `manager.to(channel).send`.
 *
 * @param state options that keep state elsewhere than in memory: nodes that share a Redis are a cluster
 */
export async function start({ state = {} }) {
  class Relay {
    async onMessage({ message: { channel, message } }) {
      await manager.to(channel).send(message);
    }
  }
  listen(Relay, 'websocket.message', 'onMessage');
  const channels = {
    requestsPerSecond: UNLIMITED_PER_SECOND,
    rules: {
      [patternOf(PUBLIC)]: { publish: true },
      [patternOf(KEPT)]: { publish: true, persistent: true },
      [patternOf(QUIET)]: { authorize: () => true, joinLeave: false },
      [patternOf(TOLD)]: { authorize: () => true },
    },
  };
  const { manager, ...to } = await startNest({ channels, ...state }, Relay);
  return {
    ...to,
    // `{"type":"s…`
    kindAt: 9,
    publish: (channel, data) => manager.publish(channel, data),
  };
}
