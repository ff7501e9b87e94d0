import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { EmbeddedGatewayOptions, WebSocketAuthorizerEvent, WebSocketAuthorizerResult } from '../../src/index.js';
import { closeGatewayApps, gatewayApp, recorder } from '../support/gateway-app.js';
import { GatewayClient } from '../support/gateway-client.js';
import { goldenEvent, shapeOf } from '../support/gateway-events.js';
import { Inbox } from '../support/gateway-inbox.js';
import { ManualClock } from '../support/manual.clock.js';

afterEach(closeGatewayApps);

const ARN = 'arn:aws:execute-api:us-east-1:123456789012:abcd123efg/prod/$connect';

const golden = JSON.parse(
  readFileSync(new URL('../fixtures/authorizer/request.json', import.meta.url), 'utf8'),
) as WebSocketAuthorizerEvent;

/** An authorizer's answer with this effect on everything, and with differences. */
function answer(effect: 'Allow' | 'Deny', differences: object = {}): WebSocketAuthorizerResult {
  const policyDocument = {
    Version: '2012-10-17',
    Statement: [{ Action: 'execute-api:Invoke', Effect: effect, Resource: ARN }],
  };
  return { principalId: 'user', policyDocument, ...differences };
}

const statement = (differences: object): object => ({
  policyDocument: { Statement: [{ Action: 'execute-api:Invoke', Effect: 'Allow', Resource: ARN, ...differences }] },
});

function authorizedApp(authorize: (event: WebSocketAuthorizerEvent) => unknown, options: EmbeddedGatewayOptions = {}) {
  return gatewayApp().gateway({
    stage: 'prod',
    apiId: 'abcd123efg',
    authorizer: authorize as EmbeddedGatewayOptions['authorizer'] & object,
    ...options,
  });
}

describe('the authorizer', () => {
  it("is invoked with API Gateway's own event, key by key", async () => {
    const events = new Inbox<WebSocketAuthorizerEvent>();
    const app = await authorizedApp((event) => {
      events.push(event);
      return answer('Allow');
    }).start();
    const client = await app.connect({ headers: { HeaderAuth1: 'example' } }, '?QueryString1=example');
    const event = await events.next();
    expect(shapeOf(event)).toEqual(shapeOf(golden));
    const { type, methodArn, queryStringParameters, stageVariables } = golden;
    expect(event).toMatchObject({ type, methodArn, queryStringParameters, stageVariables });
    const { Connection, Upgrade, HeaderAuth1 } = golden.headers;
    expect(event.headers).toMatchObject({ Connection, Upgrade, HeaderAuth1, 'content-length': '0' });
    await client.close();
  });

  it('names the region of the gateway in the ARN', async () => {
    const events = new Inbox<WebSocketAuthorizerEvent>();
    const authorize = (event: WebSocketAuthorizerEvent) => {
      events.push(event);
      return answer('Allow', statement({ Resource: event.methodArn }));
    };
    const app = await authorizedApp(authorize, { region: 'eu-west-1' }).start();
    await app.connect();
    expect((await events.next()).methodArn).toBe(ARN.replace('us-east-1', 'eu-west-1'));
  });

  it('puts its principal, its context as strings and its latency on all three events', async () => {
    const clock = new ManualClock();
    const connected = recorder<'websocket.connected'>();
    const chats = recorder<'websocket.chat'>();
    const disconnected = recorder<'websocket.disconnected'>();
    const app = await authorizedApp(async () => {
      await clock.advance(22);
      return answer('Allow', { context: { userId: 42, isAdmin: true, principalId: 'someone else' } });
    })
      .with({ clock })
      .on('websocket.connected', connected.push)
      .on('websocket.chat', chats.push)
      .on('websocket.disconnected', disconnected.push)
      .start();
    const { Cookie, Origin, 'User-Agent': userAgent } = goldenEvent('connect-with-authorizer').headers!;
    const client = await app.connect({ headers: { Cookie: Cookie!, Origin: Origin!, 'User-Agent': userAgent! } });
    client.send({ action: 'chat' });
    const { connectionId, eventData: connect } = await connected.next();
    const { eventData: message } = await chats.next();
    expect(await app.manager.getConnection(connectionId)).toMatchObject({ userId: '42' });
    await client.close();
    const { eventData: disconnect } = await disconnected.next();
    const { authorizer } = goldenEvent('connect-with-authorizer').requestContext;
    expect(authorizer).toEqual({ principalId: 'user', userId: '42', isAdmin: 'true', integrationLatency: 22 });
    for (const event of [connect, message, disconnect!]) expect(event.requestContext.authorizer).toEqual(authorizer);
    expect(shapeOf(connect)).toEqual(shapeOf(goldenEvent('connect-with-authorizer')));
    expect(shapeOf(message)).toEqual(shapeOf(goldenEvent('message-with-authorizer')));
  });

  it('is invoked for every handshake: nothing is cached', async () => {
    let calls = 0;
    const app = await authorizedApp(() => {
      calls++;
      return answer('Allow');
    }).start();
    for (let round = 0; round < 3; round++) await (await app.connect({}, '?token=same')).close();
    expect(calls).toBe(3);
  });

  const throwing = (thrown: unknown) => () => {
    throw thrown;
  };
  const answers: [description: string, authorize: () => unknown, status: number][] = [
    ['an explicit Deny', () => answer('Deny'), 403],
    [
      'no statement for this route',
      () => answer('Allow', statement({ Resource: ARN.replace('$connect', 'chat') })),
      403,
    ],
    [
      'no statement for this action',
      () => answer('Allow', statement({ Action: 'execute-api:ManageConnections' })),
      403,
    ],
    ['no statement at all', () => answer('Allow', { policyDocument: { Statement: [] } }), 403],
    ['a Deny beside an Allow', () => ({ principalId: 'user', policyDocument: { Statement: bothEffects() } }), 403],
    ["an error 'Unauthorized'", throwing(new Error('Unauthorized')), 401],
    ["the text 'Unauthorized'", throwing('Unauthorized'), 401],
    ["a rejection with 'Unauthorized'", () => Promise.reject(new Error('Unauthorized')), 401],
    ['another error', throwing(new Error('Token expired')), 500],
    ['nothing', () => undefined, 500],
    ['null', () => null, 500],
    ['a text', () => 'Allow', 500],
    ['what JSON cannot hold', () => answer('Allow', { context: { big: 1n } }), 500],
    ['no principalId', () => answer('Allow', { principalId: undefined }), 500],
    ['no policy', () => ({ principalId: 'user' }), 500],
    ['an unknown effect', () => answer('Allow', statement({ Effect: 'allow' })), 500],
    ['a condition', () => answer('Allow', statement({ Condition: {} })), 500],
    ['an object in its context', () => answer('Allow', { context: { user: { id: 42 } } }), 500],
    ['an array in its context', () => answer('Allow', { context: { roles: ['admin'] } }), 500],
    ['null in its context', () => answer('Allow', { context: { user: null } }), 500],
    ['a context that is a text', () => answer('Allow', { context: 'user' }), 500],
    ['more than 8 KB', () => answer('Allow', { context: { text: 'é'.repeat(4_000) } }), 500],
  ];
  it.each(answers)(
    'that answers %s refuses the handshake, and $connect is not called',
    async (_, authorize, status) => {
      const connected = recorder<'websocket.connected'>();
      const disconnected = recorder<'websocket.disconnected'>();
      const app = await authorizedApp(authorize)
        .on('websocket.connected', connected.push)
        .on('websocket.disconnected', disconnected.push)
        .start();
      expect(await GatewayClient.start(app.url).refused()).toBe(status);
      expect([...connected.all, ...disconnected.all]).toEqual([]);
      expect(await app.manager.getAllConnections()).toEqual([]);
      expect(app.logged.some((line) => line.includes('authorizer'))).toBe(status === 500);
    },
  );

  it('that fails keeps what its error says, such as the token that it did not like, out of the log', async () => {
    const app = await authorizedApp(throwing(new Error('Malformed token: hunter2'))).start();
    const written: string[] = [];
    // With the stacks, which a logger is given apart from the message.
    const write = (...parts: unknown[]): void => void written.push(parts.map(String).join(' '));
    app.app.useLogger({ log: write, warn: write, error: write });
    expect(await GatewayClient.start(app.url).refused()).toBe(500);
    expect(written.join('\n')).toContain('authorizer.failed');
    expect(written.join('\n')).not.toContain('hunter2');
  });

  const permissions: [description: string, differences: object][] = [
    ['every resource', statement({ Resource: '*' })],
    ['the API', statement({ Resource: 'arn:aws:execute-api:*:*:abcd123efg/*' })],
    ['a resource with one letter left open', statement({ Resource: ARN.replace('prod', 'pro?') })],
    ['every action of execute-api', statement({ Action: 'execute-api:*' })],
    ['one resource of several', statement({ Resource: ['arn:aws:execute-api:other', ARN] })],
    ['one action of several', statement({ Action: ['execute-api:Other', 'execute-api:invoke'] })],
    [
      'it in a statement that is no list',
      { policyDocument: { Statement: { Action: '*', Effect: 'Allow', Resource: '*' } } },
    ],
    [
      'it with 8 KB',
      { context: { text: 'x'.repeat(8_192 - JSON.stringify(answer('Allow', { context: { text: '' } })).length) } },
    ],
    ['it without a context', { context: undefined }],
  ];
  it.each(permissions)('that allows %s opens the connection', async (_, differences) => {
    const app = await authorizedApp(() => answer('Allow', differences)).start();
    await (await app.connect()).close();
  });

  it('that never answers refuses the handshake after 29 seconds', async () => {
    const clock = new ManualClock();
    const events = new Inbox<WebSocketAuthorizerEvent>();
    const app = await authorizedApp((event) => {
      events.push(event);
      return new Promise(() => undefined);
    })
      .with({ clock })
      .start();
    const refused = GatewayClient.start(app.url).refused();
    await events.next();
    await clock.advance(29_000);
    expect(await refused).toBe(500);
    expect(await app.manager.getAllConnections()).toEqual([]);
  });

  it('says in the log what is wrong, and nothing of what it was given or gave', async () => {
    const app = await authorizedApp(() => answer('Allow', { context: { secret: { token: 'hunter2' } } })).start();
    await GatewayClient.start(`${app.url}?token=hunter2`).refused();
    expect(app.logged.filter((line) => line.includes('an object, an array or null'))).toHaveLength(1);
    expect(app.logged.join()).not.toContain('hunter2');
  });
});

describe('identity sources', () => {
  const sources = ['route.request.querystring.token', 'route.request.header.Authorization'];
  const cases: [description: string, suffix: string, headers: Record<string, string>, isCalled: boolean][] = [
    ['all there', '?token=example', { Authorization: 'example' }, true],
    ['a header in other letters', '?token=example', { authorization: 'example' }, true],
    ['no header', '?token=example', {}, false],
    ['no query', '', { Authorization: 'example' }, false],
    ['another query', '?Token=example', { Authorization: 'example' }, false],
    ['an empty query', '?token=', { Authorization: 'example' }, false],
  ];
  it.each(cases)('decide whether the authorizer is called at all: %s', async (_, suffix, headers, isCalled) => {
    let calls = 0;
    const authorize = (): unknown => {
      calls++;
      return answer('Deny');
    };
    const app = await authorizedApp(authorize, { authorizerIdentitySources: sources }).start();
    const status = await GatewayClient.start(app.url + suffix, { headers }).refused();
    expect({ status, calls }).toEqual(isCalled ? { status: 403, calls: 1 } : { status: 401, calls: 0 });
  });

  it.each([
    [
      'of a form that is not known',
      { authorizer: () => answer('Allow'), authorizerIdentitySources: ['method.request.header.X'] },
    ],
    ['without an authorizer', { authorizerIdentitySources: sources }],
  ])('are refused at start when they are %s', async (_, options) => {
    const start = gatewayApp().gateway(options).start();
    await expect(start).rejects.toMatchObject({ option: 'gateway.authorizerIdentitySources' });
  });
});

function bothEffects(): object[] {
  return [answer('Allow'), answer('Deny')].flatMap(({ policyDocument }) => policyDocument.Statement as object[]);
}
