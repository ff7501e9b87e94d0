// The servers, by the name that the tables give them.
export const MEMORY = 'ours, memory';
export const ONE_NODE = 'ours, 1 node on Redis';
export const THREE_NODES = 'ours, 3 nodes on Redis';
export const IO = 'socket.io, room';

/** How many processes each has; what shares nothing has no Redis. */
export const ARMS = {
  [MEMORY]: { module: './ours.js', nodes: 1, hasRedis: false },
  [ONE_NODE]: { module: './ours.js', nodes: 1, hasRedis: true },
  [THREE_NODES]: { module: './ours.js', nodes: 3, hasRedis: true },
  [IO]: { module: './socket-io.js', nodes: 1, hasRedis: false },
};

/** The channels that are measured, by what the tables call them; of each as many as are asked for. */
export const PUBLIC = 'public';
export const QUIET = 'presence, nobody told';
export const KEPT = 'recoverable';
export const TOLD = 'presence, all told';

const PREFIXES = { [PUBLIC]: 'public', [QUIET]: 'presence-quiet', [KEPT]: 'kept', [TOLD]: 'presence-told' };

export const channelOf = (kind, number) => `${PREFIXES[kind]}.${number}`;

/** The patterns of those channels. */
export const patternOf = (kind) => `${PREFIXES[kind]}.{number}`;

/** Of some arms, those that were asked for. */
export const chosen = (names, pattern) => names.filter((arm) => pattern.test(arm));

/** A server, started in the process that asks. */
export async function startArm(arm, setup) {
  return (await import(ARMS[arm].module)).start(setup);
}
