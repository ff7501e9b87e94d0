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
export const POST_ALL = 'serverless-offline, PostToConnection';
export const OFFLINE_RESPONSE = 'serverless-offline, route response';
export const OFFLINE_SEND_BACK = 'serverless-offline, PostToConnection in the handler';
export const IO_EVENT = 'socket.io, event for event';

/** The servers. */
export const OURS = 'ours';
export const WS = 'ws';
export const IO = 'socket.io';
export const OFFLINE = 'serverless-offline';

/** The calls of each server that send to everyone. */
export const CALLS = {
  [OURS]: [CHANNEL, EVERYONE, BROADCAST],
  [WS]: [PREPARED, STRINGIFY],
  [IO]: [EMIT],
  [OFFLINE]: [POST_ALL],
};

/** What has to be installed for each. */
const PACKAGES = { [OURS]: [], [WS]: ['ws'], [IO]: ['socket.io'], [OFFLINE]: ['serverless', 'serverless-offline'] };

/** A request for each recipient: it takes as long for each of more clients. */
const MOST_CLIENTS = { [OFFLINE]: 1_000 };

/** Of some servers, those that are installed, were asked for, and hold so many clients. */
export function chosen(names, pattern, clients = 0) {
  return names.filter(
    (arm) => pattern.test(arm) && PACKAGES[arm].every(isInstalled) && clients <= (MOST_CLIENTS[arm] ?? Infinity),
  );
}

function isInstalled(name) {
  try {
    import.meta.resolve(name);
    return true;
  } catch (error) {
    if (error.code === 'ERR_MODULE_NOT_FOUND') return false;
    throw error;
  }
}

/** A server, started in the process that asks. */
export async function startArm(arm, setup) {
  const modules = {
    [OURS]: './ours.js',
    [WS]: './ws.js',
    [IO]: './socket-io.js',
    [OFFLINE]: './serverless-offline.js',
  };
  return (await import(modules[arm])).start(setup);
}
