/** The names of the arms, as the tables have them, and what makes each; a process loads only its own. */
export const SEQUENTIAL = 'SDK, one by one';
export const PROMISE_ALL = 'SDK, Promise.all';
export const BOUNDED = 'SDK, 50 at once';
export const WIDE = 'SDK, 256 at once';
export const UNDICI_SIGNED = 'undici, our signature';
export const UNDICI = 'undici, unsigned';
export const OURS = 'ours';
export const TRANSPORT = 'ours, the transport';
export const OURS_UNSIGNED = 'ours, unsigned';
export const FROM_REDIS = 'ours, ids from Redis';
export const SDK = 'SDK, bounded';
export const FLOOR = 'sockets, unsigned';

const sdk = (name, fixed) => async (setup) => (await import('./sdk.js'))[name]({ ...setup, ...fixed });
const undici = (name) => async (setup) => (await import('./undici.js'))[name](setup);
const own = (name) => async (setup) => (await import('./ours.js'))[name](setup);

export const arms = {
  [SEQUENTIAL]: sdk('sdkSequential'),
  [PROMISE_ALL]: sdk('sdkPromiseAll'),
  [BOUNDED]: sdk('sdkBounded', { concurrency: 50 }),
  [WIDE]: sdk('sdkBounded', { concurrency: 256 }),
  [SDK]: sdk('sdkBounded'),
  [OURS]: own('ours'),
  [TRANSPORT]: own('oursTransport'),
  [OURS_UNSIGNED]: own('oursUnsigned'),
  [FROM_REDIS]: own('oursFromRedis'),
  [UNDICI_SIGNED]: undici('undiciSigned'),
  [UNDICI]: undici('undiciUnsigned'),
  [FLOOR]: async (setup) => (await import('./sockets.js')).socketsUnsigned(setup),
};
