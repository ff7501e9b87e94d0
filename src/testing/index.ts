export { ApiGatewayStandIn } from './api-gateway.stand-in.js';
export { ManualClock } from './manual.clock.js';
export { websocketEvent } from './websocket.event.js';
export { WebSocketFake } from '../fake/websocket.fake.js';

export type { ConnectEventFields, DisconnectEventFields, EventFields, MessageEventFields } from './websocket.event.js';
export type { AnswerQuestion } from '../fake/websocket.fake.js';
export type { ExpectedData } from '../fake/recorded.assertions.js';
export type { RecordedClose, RecordedMembership, SentMessage } from '../fake/recording.js';
export type { FakeOptions } from '../fake/standalone.application.js';
export type { MessagePredicate } from '../fake/value.match.js';
export type { DecideReply, StandInAnswer, StandInReply, StandInRequest } from './stand-in.script.js';
export type { EventHandler, StandInApi } from './stand-in.sockets.js';
