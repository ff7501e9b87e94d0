import { describe, expect, it } from '@jest/globals';
import { SystemClock } from './contracts/clock.js';
import { InvalidOptionsError } from './errors/invalid-options.error.js';
import { VARIABLES } from './options/environment.reader.js';
import { resolveWebSocketOptions } from './websocket.options-resolver.js';
import type { WebSocketModuleOptions } from './websocket.options.js';

const resolve = (options: unknown, env: Record<string, string> = {}) =>
  resolveWebSocketOptions(options as WebSocketModuleOptions, env);

describe('the options', () => {
  it('all have defaults', () => {
    expect(resolveWebSocketOptions(undefined, {})).toMatchObject({
      apiGatewayEndpoint: null,
      awsRegion: null,
      fallbackRegion: 'us-east-1',
      keyPrefix: 'websocket:',
      staleAfterSeconds: 86_400,
      maxPayloadBytes: 131_072,
      gateway: null,
    });
    expect(resolve({ gateway: {} }).gateway).toMatchObject({
      path: '/ws',
      stage: 'ws',
      port: null,
      host: '127.0.0.1',
      routes: null,
    });
  });

  it('come from the environment where they are not given', () => {
    const env = {
      WEBSOCKET_API_GATEWAY_ENDPOINT: 'https://a.example/prod',
      WEBSOCKET_AWS_REGION: 'eu-west-1',
      AWS_REGION: 'eu-west-2',
    };
    expect(resolve({}, env)).toMatchObject({
      apiGatewayEndpoint: 'https://a.example/prod',
      awsRegion: 'eu-west-1',
      fallbackRegion: 'eu-west-2',
    });
    expect(resolve({ awsRegion: 'us-west-1', apiGatewayEndpoint: 'b.example' }, env)).toMatchObject({
      apiGatewayEndpoint: 'https://b.example',
      awsRegion: 'us-west-1',
    });
  });

  it('take an environment variable that is empty, blank or null for none', () => {
    const clock = new SystemClock();
    for (const value of ['', ' ', 'null']) {
      const env = Object.fromEntries(['AWS_REGION', ...VARIABLES].map((name) => [name, value]));
      expect(resolve({ clock }, env)).toEqual(resolve({ clock }));
      expect(resolve({ clock, dynamodb: {} }, env)).toEqual(resolve({ clock, dynamodb: {} }));
    }
  });

  it.each<[unknown, string]>([
    [
      { staleAfterSeconds: '1d' },
      'Expected "staleAfterSeconds" to be a whole number of at least 1, got "1d" (string).',
    ],
    [{ staleAfterSeconds: 0 }, 'Expected "staleAfterSeconds" to be a whole number of at least 1, got 0 (number).'],
    [
      { maxConcurrentSends: 1.5 },
      'Expected "maxConcurrentSends" to be a whole number of at least 1, got 1.5 (number).',
    ],
    [
      { requestTimeoutMs: NaN },
      'Expected "requestTimeoutMs" to be a whole number from 1 to 2147483647, got NaN (number).',
    ],
    [{ keyPrefix: '' }, 'Expected "keyPrefix" to be a non-empty string, got "" (string).'],
    [{ awsRegion: null }, 'Expected "awsRegion" to be a non-empty string, got null.'],
    [{ apiGatewayEndpoint: 'ftp://x' }, 'Expected "apiGatewayEndpoint" to be a URL like'],
    [
      { gateway: { routes: ['connected'] } },
      'Expected "gateway.routes" to be an array of route keys that are not reserved',
    ],
    [{ gateway: { routes: ['$connect'] } }, 'Expected "gateway.routes" to be an array of'],
    [
      { requestTimeoutMs: 2 ** 31 },
      'Expected "requestTimeoutMs" to be a whole number from 1 to 2147483647, got 2147483648 (number).',
    ],
    [
      { credentials: { accessKeyId: undefined, secretAccessKey: undefined } },
      'Expected "credentials" to be { accessKeyId, secretAccessKey } with two non-empty strings',
    ],
    [{ store: { add: () => true, remove: () => null } }, 'Expected "store" to be a ConnectionStore'],
    [{ store: {} }, 'Expected "store" to be a ConnectionStore, got object.'],
    [{ clock: Date }, 'Expected "clock" to be a Clock, got function.'],
    [{ gateway: true }, 'Expected "gateway" to be an object, got boolean.'],
    [
      { gateway: { port: 70_000 } },
      'Expected "gateway.port" to be a whole number from 0 to 65535, got 70000 (number).',
    ],
    [{ gateway: { path: 'ws' } }, 'Expected "gateway.path" to be a path like "/ws", got "ws" (string).'],
    [{ gateway: { path: '/a/../b?c' } }, 'Expected "gateway.path" to be a path like "/ws"'],
    [
      { gateway: { routes: 'chat' } },
      'Expected "gateway.routes" to be an array of non-empty strings, got "chat" (string).',
    ],
    [
      { gateway: { routeSelectionExpression: '$request.header.x' } },
      'Expected "gateway.routeSelectionExpression" to be like',
    ],
    [{ gateway: { pathh: '/ws' } }, 'Unknown option "gateway.pathh"; the options are '],
    [{ apiGatewayEndpont: 'x' }, 'Unknown option "apiGatewayEndpont"; the options are admission, apiGatewayEndpoint, '],
    ['https://a.example', 'Expected "options" to be an object, got string.'],
  ])('that cannot be used say what was expected and what was got: %j', (options, message) => {
    expect(() => resolve(options)).toThrow(InvalidOptionsError);
    expect(() => resolve(options)).toThrow(message);
  });

  it('never repeat a secret', () => {
    for (const options of [
      { credentials: 'hunter2' },
      { apiGatewayEndpoint: 'https://user:hunter2@a.example' },
      { apiGatewayEndpoint: 'https://a.example/prod?token=hunter2' },
      { gateway: { credentials: 'hunter2' } },
      { gateway: { credentials: { accessKeyId: 'hunter2', secretAccessKey: ['hunter2'] } } },
    ]) {
      expect(() => resolve(options)).toThrow(InvalidOptionsError);
      expect(() => resolve(options)).not.toThrow(/hunter2/);
    }
  });

  it('are frozen once resolved', () => {
    expect(Object.isFrozen(resolve({}))).toBe(true);
  });
});
