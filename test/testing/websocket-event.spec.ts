import { afterEach, describe, expect, it } from '@jest/globals';
import { websocketEvent } from '../../src/testing/index.js';
import { startApplication, stopApplications } from '../support/application.js';
import { goldenEvent, shapeOf } from '../support/gateway-events.js';

afterEach(stopApplications);

const { connect, message, disconnect } = websocketEvent;
const user = { userId: 42, authorizer: { isAdmin: true } };
const browser = {
  headers: { Cookie: 'session=example', Origin: 'https://www.example.com' },
  userAgent: 'Mozilla/5.0 (X11; Linux x86_64) ExampleBrowser/1.0',
};

describe('the events of websocketEvent', () => {
  it.each([
    ['connect', connect()],
    ['connect-with-query', connect({ query: { token: 'example', room: ['blue', 'green'] } })],
    ['connect-with-authorizer', connect({ ...user, ...browser })],
    ['message', message('a', { action: 'chat', message: 'Hello' })],
    ['message-default', message('a', 'Hello, no route')],
    ['message-with-authorizer', message('a', { action: 'chat' }, { ...user, userAgent: 'ExampleBrowser/1.0' })],
    ['disconnect', disconnect('a')],
    ['disconnect-after-delete', disconnect('a', { ...user, code: 1000, reason: 'Connection Closed Normally' })],
    ['disconnect-tab-closed', disconnect('a', { code: 1001, userAgent: 'ExampleBrowser/1.0' })],
  ])("have API Gateway's keys and types, and no others: %s", (name, event) => {
    expect(shapeOf(event)).toEqual(shapeOf(goldenEvent(name)));
  });

  it.each([
    ['connect', connect({ connectionId: 'AbCdEfGhIAMCJkL=', at: 1731324924561, connectedAt: 1731324924553 })],
    ['disconnect', disconnect('AbCdEfGhIAMCJkL=', { at: 1731333109875, connectedAt: 1731332735513 })],
  ])('have the values that API Gateway would give: %s', (name, event) => {
    const random = { requestId: 0, extendedRequestId: 0 };
    const { requestContext } = goldenEvent(name);
    expect({ ...event.requestContext, ...random }).toEqual({ ...requestContext, ...random });
  });

  it('carry headers and queries that are there several times, the last of them alone where there is room for one', () => {
    const event = connect({ headers: { 'X-Tag': ['a', 'b'] }, query: { room: ['blue', 'green'], n: 1 } });
    expect(event.multiValueHeaders?.['X-Tag']).toEqual(['a', 'b']);
    expect(event.headers?.['X-Tag']).toBe('b');
    expect(event.multiValueQueryStringParameters).toEqual({ room: ['blue', 'green'], n: ['1'] });
    expect(event.queryStringParameters).toEqual({ room: 'green', n: '1' });
  });

  it('have each header once, in the case in which it is given, and what the client calls itself from there', () => {
    const event = connect({
      headers: { host: 'chat.example.com', 'user-agent': 'wscat', 'sec-websocket-version': '13' },
    });
    expect(event.multiValueHeaders).toMatchObject({
      ...{ host: ['chat.example.com'], 'user-agent': ['wscat'], 'sec-websocket-version': ['13'] },
    });
    expect(Object.keys(event.headers ?? {})).not.toContain('Host');
    expect(event.requestContext.identity).toEqual({ sourceIp: '192.0.2.1', userAgent: 'wscat' });
    expect(connect({ userAgent: 'curl', headers: { 'User-Agent': 'wscat' } })).toMatchObject({
      headers: { 'User-Agent': 'wscat' },
      requestContext: { identity: { userAgent: 'curl' } },
    });
  });

  it.each([
    [{ action: 'join' }, {}, 'join'],
    ['{"action":"join"}', {}, 'join'],
    [{ action: '$connect' }, {}, '$default'],
    [{ text: 'hello' }, {}, '$default'],
    ['hello', {}, '$default'],
    [{ action: 'join' }, { route: '$default' }, '$default'],
  ])('select the route of %j with %j as API Gateway does: %s', (body, fields, route) => {
    expect(message('a', body, fields).requestContext.routeKey).toBe(route);
  });

  it('name the user as an authorizer does, in a text', () => {
    expect(connect(user).requestContext.authorizer).toEqual({
      principalId: '42',
      userId: '42',
      isAdmin: 'true',
      integrationLatency: 22,
    });
    expect(disconnect('a', { authorizer: { principalId: 'p', tenant: 7 } }).requestContext.authorizer).toEqual({
      principalId: 'p',
      tenant: '7',
    });
  });

  it('have another id for each connection that is given none', () => {
    const ids = [connect(), connect()].map(({ requestContext }) => requestContext.connectionId);
    expect(new Set(ids).size).toBe(2);
  });

  it('lead a connection through its life', async () => {
    const { manager } = await startApplication();
    expect((await manager.handle(connect({ connectionId: 'a', userId: 42 }))).statusCode).toBe(200);
    expect(await manager.getConnection('a')).toMatchObject({
      userId: '42',
      endpoint: 'https://abcd123efg.execute-api.us-east-1.amazonaws.com/prod',
    });
    expect((await manager.handle(message('a', { action: 'join' }))).statusCode).toBe(200);
    expect((await manager.handle(disconnect('a'))).statusCode).toBe(200);
    expect(await manager.connectionExists('a')).toBe(false);
  });
});
