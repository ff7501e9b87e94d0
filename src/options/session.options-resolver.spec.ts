import { describe, expect, it } from '@jest/globals';
import { resolveWebSocketOptions } from '../websocket.options-resolver.js';

type Env = Readonly<Record<string, string>>;

const resolve = (gateway: object, env: Env = {}, maxBodyBytes = 1_048_576) =>
  resolveWebSocketOptions({ maxBodyBytes, gateway }, env).gateway!;

describe('the limits of connections', () => {
  it("are API Gateway's in strict mode", () => {
    expect(resolve({ limits: 'api-gateway' })).toMatchObject({
      maxMessageBytes: 131_072,
      idleTimeoutSeconds: 600,
      maxConnectionSeconds: 7_200,
    });
  });

  it('are none in generous mode, but for what the application handles', () => {
    expect(resolve({})).toMatchObject({
      limits: 'generous',
      maxMessageBytes: 1_048_576,
      idleTimeoutSeconds: null,
      maxConnectionSeconds: null,
    });
  });

  it('in strict mode are not above what the application handles', () => {
    expect(resolve({ limits: 'api-gateway' }, {}, 1_000).maxMessageBytes).toBe(1_000);
  });

  it('may be strict by the environment, and generous by the option all the same', () => {
    const env = { WEBSOCKET_LIMITS: 'api-gateway' };
    expect(resolve({}, env).idleTimeoutSeconds).toBe(600);
    expect(resolve({ limits: 'generous' }, env).idleTimeoutSeconds).toBeNull();
  });
});

describe('pings', () => {
  it('come every thirty seconds, or as often as the environment or, above it, the option says', () => {
    const env = { WEBSOCKET_PING_INTERVAL: '60' };
    expect(resolve({}).pingIntervalSeconds).toBe(30);
    expect(resolve({}, env).pingIntervalSeconds).toBe(60);
    expect(resolve({ pingIntervalSeconds: 5 }, env).pingIntervalSeconds).toBe(5);
    expect(resolve({ pingIntervalSeconds: 0 }, env).pingIntervalSeconds).toBe(0);
    expect(resolve({}, { WEBSOCKET_PING_INTERVAL: '0' }).pingIntervalSeconds).toBe(0);
  });
});

describe('what cannot be used', () => {
  const cases: [option: string, gateway: object, env?: Env][] = [
    ['gateway.limits', { limits: 'aws' }],
    ['WEBSOCKET_LIMITS', {}, { WEBSOCKET_LIMITS: 'aws' }],
    ['gateway.maxMessageBytes', { limits: 'api-gateway', maxMessageBytes: 131_073 }],
    ['gateway.idleTimeoutSeconds', { limits: 'api-gateway', idleTimeoutSeconds: 601 }],
    ['gateway.idleTimeoutSeconds', { idleTimeoutSeconds: 0 }],
    ['gateway.maxConnectionSeconds', { limits: 'api-gateway', maxConnectionSeconds: 7_201 }],
    ['gateway.maxConnectionSeconds', { maxConnectionSeconds: 1.5 }],
    ['gateway.pingIntervalSeconds', { pingIntervalSeconds: -1 }],
    ['WEBSOCKET_PING_INTERVAL', {}, { WEBSOCKET_PING_INTERVAL: '30s' }],
    ['gateway.pongTimeoutSeconds', { pongTimeoutSeconds: 0 }],
    ['gateway.slowConsumerSeconds', { slowConsumerSeconds: 0 }],
    ['gateway.authorizer', { authorizer: 'arn:aws:lambda' }],
    ['gateway.authorizerIdentitySources', { authorizerIdentitySources: ['route.request.header.X'] }],
    ['gateway.authorizerIdentitySources', { authorizer: () => undefined, authorizerIdentitySources: ['$request.x'] }],
  ];
  it.each(cases)('is refused at start by the name of the option or the variable: %s', (...[option, gateway, env]) => {
    expect(() => resolve(gateway, env)).toThrow(expect.objectContaining({ option }));
  });
});
