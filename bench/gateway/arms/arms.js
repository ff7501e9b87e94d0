// What is measured, by the name that the tables give it: how a server is started, and by which of its calls a message goes to everyone.
export const CHANNEL = 'manager.to(channel).send';
export const BROADCAST = 'manager.broadcast';
export const EVERYONE = 'manager.except().send';
export const PREPARED = 'ws, one prepared buffer';
export const STRINGIFY = 'ws, JSON.stringify per client';
export const EMIT = 'socket.io, emit';
export const FLOOR = 'C, write() per client';
export const ROUTE_RESPONSE = 'ours, route response';
export const SEND_BACK = 'ours, sendToConnection in the listener';
export const WS_JSON = 'ws, JSON parsed and answered';
export const IO_EVENT = 'socket.io, event for event';

/** The servers. */
export const OURS = 'ours';
export const WS = 'ws';
export const IO = 'socket.io';

/** The calls of each server that send to everyone. */
export const CALLS = {
  [OURS]: [CHANNEL, EVERYONE, BROADCAST],
  [WS]: [PREPARED, STRINGIFY],
  [IO]: [EMIT],
};

/** A server, started in the process that asks. */
export async function startArm(arm, setup) {
  const module = { [OURS]: './ours.js', [WS]: './ws.js', [IO]: './socket-io.js' }[arm];
  return (await import(module)).start(setup);
}
