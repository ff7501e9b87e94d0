// An application in a process of its own, that does random things to a store which other processes use at the same time.
import process from 'node:process';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { EventEmitter2, EventEmitterModule } from '@nestjs/event-emitter';
import { WebSocketEvents, WebSocketManager, WebSocketModule } from 'nestjs-apigateway-websocket';

const { options, seed, operations, lanes, connectionIds, userIds, channels, staleAfterMs } = JSON.parse(
  process.argv[2],
);
const random = mulberry32(seed);
const oneOf = (list) => list[Math.floor(random() * list.length)];

class AppModule {}
Module({ imports: [EventEmitterModule.forRoot(), WebSocketModule.forRoot(options)] })(AppModule);

const application = await NestFactory.createApplicationContext(AppModule, { logger: ['error'] });
const manager = application.get(WebSocketManager);
const emitter = application.get(EventEmitter2);

const events = { connected: {}, disconnected: {}, joined: {}, left: {} };
const causes = {};
const outcomes = {};
const count = (counts, key) => (counts[key] = (counts[key] ?? 0) + 1);
const membership = ({ connectionId, channel }) => JSON.stringify([connectionId, channel]);
emitter.on(WebSocketEvents.Connected, ({ connectionId }) => count(events.connected, connectionId));
emitter.on(WebSocketEvents.Disconnected, ({ connectionId, cause }) => {
  count(events.disconnected, connectionId);
  count(causes, cause);
});
emitter.on(WebSocketEvents.ChannelJoined, (event) => count(events.joined, membership(event)));
emitter.on(WebSocketEvents.ChannelLeft, (event) => count(events.left, membership(event)));

const actions = {
  connect: async (connectionId) => (await manager.handle(eventOf('CONNECT', connectionId))).statusCode,
  disconnect: async (connectionId) => (await manager.handle(eventOf('DISCONNECT', connectionId))).statusCode,
  join: (connectionId) => manager.joinChannel(connectionId, oneOf(channels)),
  leave: (connectionId) => manager.leaveChannel(connectionId, oneOf(channels)),
  send: (connectionId) => manager.sendToConnection(connectionId, 'hello'),
  sweep: async () => (await manager.cleanup()) > 0,
};
// How often each is done, out of a hundred times.
const mix = Object.entries({ connect: 28, disconnect: 9, join: 32, leave: 14, send: 14, sweep: 3 }).flatMap(
  ([name, share]) => Array(share).fill(name),
);

process.on('message', async () => {
  let left = operations;
  const work = async () => {
    while (left-- > 0) {
      const name = oneOf(mix);
      count(outcomes, `${name} ${await actions[name](oneOf(connectionIds))}`);
    }
  };
  await Promise.all(Array.from({ length: lanes }, work));
  process.send({ events, causes, outcomes });
  await application.close();
  process.disconnect();
});
process.send('ready');

function eventOf(eventType, connectionId) {
  const age = random() < 0.1 ? staleAfterMs : 0;
  return {
    requestContext: {
      eventType,
      routeKey: eventType === 'CONNECT' ? '$connect' : '$disconnect',
      connectionId,
      connectedAt: Date.now() - age,
      stage: 'prod',
      domainName: 'abc.execute-api.eu-west-1.amazonaws.com',
      authorizer: { userId: oneOf(userIds) },
    },
    isBase64Encoded: false,
  };
}

/** Random numbers from 0 to 1 that a seed determines. */
function mulberry32(state) {
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}
