import { describe, expect, it } from '@jest/globals';
import { InvalidOptionsError } from '../errors/invalid-options.error.js';
import type { WebSocketModuleOptions } from '../websocket.options.js';
import { resolveWebSocketOptions } from '../websocket.options-resolver.js';

const resolve = (admission: unknown, env: Record<string, string> = {}) =>
  resolveWebSocketOptions((admission === undefined ? {} : { admission }) as WebSocketModuleOptions, env).admission;

describe('the options of admission', () => {
  it('are none by themselves', () => {
    expect(resolve(undefined)).toBeNull();
    expect(resolve(false)).toBeNull();
    expect(resolve(undefined, { WEBSOCKET_AUTH_ENABLED: 'false' })).toBeNull();
  });

  it('come from the environment where they are left out, and not where admission is turned off', () => {
    const env = { WEBSOCKET_MAX_CLIENTS: '1000', WEBSOCKET_AUTH_ENABLED: 'true' };
    expect(resolve(undefined, env)).toMatchObject({ maxConnections: 1_000, requireAuthentication: true });
    expect(resolve({ maxConnections: 5, requireAuthentication: false }, env)).toMatchObject({
      maxConnections: 5,
      requireAuthentication: false,
    });
    expect(resolve(false, env)).toBeNull();
  });

  it('require an authentication where there is a hook, unless something says otherwise', () => {
    const authenticate = () => null;
    expect(resolve({})).toMatchObject({ requireAuthentication: false });
    expect(resolve({ authenticate })).toMatchObject({ requireAuthentication: true });
    expect(resolve({ authenticate }, { WEBSOCKET_AUTH_ENABLED: 'false' })).toMatchObject({
      requireAuthentication: false,
    });
  });

  it.each([
    [{ authenticate: 7 }, 'Expected "admission.authenticate" to be a function, or a provider'],
    [{ authenticate: { login: () => null } }, 'Expected "admission.authenticate" to be a function, or a provider'],
    [{ authenticateWithinMs: 1_000 }, 'as "authenticateWithinMs" is given'],
    [
      { requireAuthentication: 'yes' },
      'Expected "admission.requireAuthentication" to be true or false, got "yes" (string).',
    ],
    [{ maxConnections: 0 }, 'Expected "admission.maxConnections" to be a whole number of at least 1, got 0 (number).'],
    [{ messagesPerSecond: 0.5 }, 'Expected "admission.messagesPerSecond"'],
    [{ origins: 'https://example.com' }, 'Expected "admission.origins" to be an array'],
    [{ maxConnection: 1 }, 'Unknown option "admission.maxConnection"'],
  ])('that cannot be used stop the start: %j', (admission, message) => {
    expect(() => resolve(admission)).toThrow(InvalidOptionsError);
    expect(() => resolve(admission)).toThrow(message);
  });

  it.each([
    [{ WEBSOCKET_MAX_CLIENTS: 'many' }, 'WEBSOCKET_MAX_CLIENTS to be a whole number'],
    [{ WEBSOCKET_MAX_CLIENTS: '0' }, 'WEBSOCKET_MAX_CLIENTS to be a whole number'],
    [{ WEBSOCKET_AUTH_ENABLED: 'maybe' }, 'WEBSOCKET_AUTH_ENABLED to be "true" or "false"'],
  ])('from the environment that cannot be used stop the start: %j', (env, message) => {
    expect(() => resolve(undefined, env)).toThrow(message);
  });

  it('refuse subprotocols that no header could name', () => {
    expect(() => resolveWebSocketOptions({ subprotocols: ['chat', 'a b'] }, {})).toThrow('"subprotocols"');
  });
});
