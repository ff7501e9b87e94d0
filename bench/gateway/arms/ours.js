import { BROADCAST, CHANNEL, EVERYONE } from './arms.js';
import { listen, startNest } from './nest.js';

const ROOM = 'everyone';

/**
 * The embedded gateway on the HTTP server of a Nest application, state in memory unless told otherwise, every option at its default but those given.
 *
 * @param isInRoom whether each connection joins a channel when it opens
 * @param isCompressed whether messages of any size are compressed
 * @param state options that keep it elsewhere: nodes that share a Redis are a cluster
 * @param answersBy `response` answers by what the listener returns, `send` by a message to the connection
 */
export async function start({ isInRoom = false, isCompressed = false, answersBy = 'response', state = {} }) {
  class Listener {
    onConnected({ connectionId }) {
      return isInRoom ? manager.joinChannel(connectionId, ROOM) : undefined;
    }

    onMessage({ connectionId, message }) {
      return answersBy === 'send' ? void manager.sendToConnection(connectionId, message) : message;
    }
  }
  if (isInRoom) listen(Listener, 'websocket.connected', 'onConnected');
  listen(Listener, 'websocket.message', 'onMessage');
  const gateway = {
    ...(isCompressed && { compression: { thresholdBytes: 0 } }),
    ...(answersBy === 'response' && { routeResponses: ['$default'] }),
  };
  const { manager, ...to } = await startNest({ gateway, ...state }, Listener);
  return {
    ...to,
    calls: {
      [CHANNEL]: ({ data }) => manager.to(ROOM).send(data),
      [EVERYONE]: ({ data }) => manager.except().send(data),
      [BROADCAST]: ({ data }) => manager.broadcast(data),
    },
    /** How many are there to send to. */
    ready: () => (isInRoom ? manager.getStats().then(({ channels }) => channels[ROOM] ?? 0) : countOf(manager)),
  };
}

async function countOf(manager) {
  return (await manager.getStats()).totalConnections;
}
