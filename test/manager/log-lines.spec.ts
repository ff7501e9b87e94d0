import { EventEmitter2 } from '@nestjs/event-emitter';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { LoggingOptions, WebSocketModuleOptions } from '../../src/index.js';
import { LOG_CODES } from '../../src/logging/log.codes.js';
import { resolveWebSocketOptions } from '../../src/websocket.options-resolver.js';
import { codeIn, readText, sourceFiles, tableRows } from '../architecture/source.js';
import { startApplication, stopApplications } from '../support/application.js';
import { connect, disconnect, message, newConnectionId } from '../support/events.js';
import { closeGatewayApps, gatewayApp, recorder } from '../support/gateway-app.js';
import { GatewayClient, RawConnection, upgradeRequest } from '../support/gateway-client.js';
import { LogCapture } from '../support/log.capture.js';

const SECRETS = ['s3cret-query', 's3cret-header', 's3cret-payload', 's3cret-token', 's3cret-user', 's3cret-reason'];

afterEach(async () => {
  await stopApplications();
  await closeGatewayApps();
});

/** An application that logs into a capture. */
async function logging(options: LoggingOptions = {}) {
  const { app, manager, get } = await startApplication({ options: { logging: options } });
  const log = new LogCapture();
  app.useLogger(log);
  return { log, manager, emitter: get(EventEmitter2) };
}

/** Has a client connect, say something and leave, others be refused, all of it with secrets; tells what was logged. */
async function traffic(options: LoggingOptions) {
  const ended = recorder<'websocket.disconnected'>();
  const log = new LogCapture();
  const app = await gatewayApp()
    .with({ logging: options })
    .gateway({ routes: ['chat', 'other'], routeResponses: ['chat'] })
    .on('websocket.connected', ({ eventData }) => {
      if (eventData?.queryStringParameters?.['refuse'] !== undefined) throw new Error('not you');
    })
    .on('websocket.chat', () => 'hello')
    .on('websocket.disconnected', ended.push)
    .start();
  app.app.useLogger(log);
  const headers = { Authorization: 's3cret-header', Cookie: 'session=s3cret-token' };
  const client = await app.connect({ headers }, '?token=s3cret-query');
  const [connectionId = ''] = await app.manager.getAllConnections();
  client.send({ action: 'chat', text: 's3cret-payload' });
  await client.next();
  client.send({ action: 's3cret-payload' });
  await client.next();
  const bad = await RawConnection.open(app.port);
  bad.socket.write(upgradeRequest({ path: '/ws?s3cret-query', headers: { 'Sec-WebSocket-Key': 's3cret-token' } }));
  await bad.closed;
  await client.close(4_001, 's3cret-reason');
  await ended.until(1);
  return { app, log, connectionId };
}

describe('in normal operation', () => {
  it('nothing is said of a connection', async () => {
    const { log } = await traffic({});
    expect(log.lines).toEqual([]);
  });

  it('a debugging log tells of connections, routes and refusals, and of nothing that is theirs', async () => {
    const { app, log, connectionId } = await traffic({ debug: true });
    const lines = log.parsed();
    expect(lines.map(({ code, fields }) => ({ code, ...fields }))).toEqual([
      { code: 'connect.handled', connectionId, status: '200' },
      { code: 'connection.opened', connectionId },
      { code: 'message.handled', connectionId, route: 'chat', status: '200' },
      { code: 'message.unrouted', connectionId },
      { code: 'handshake.refused', status: '400' },
      { code: 'connection.closed', connectionId, closeCode: '4001', cause: 'client' },
      { code: 'disconnect.handled', connectionId, closeCode: '4001', status: '200' },
    ]);
    expect(new Set(lines.map(({ level }) => level))).toEqual(new Set(['debug']));
    expect(await GatewayClient.start(`${app.url}?refuse=s3cret-query`).refused()).toBe(500);
    const [refused] = log.parsed().filter(({ fields }) => fields['status'] === '500' && 'connectionId' in fields);
    expect(refused).toBeDefined();
    for (const secret of SECRETS) expect(log.everything).not.toContain(secret);
  });

  it('a debugging log tells of API Gateway’s events, too', async () => {
    const { log, manager } = await logging({ debug: true });
    const connectionId = newConnectionId();
    await manager.handle({ ...connect({ connectionId, userId: 's3cret-user' }), headers: { Cookie: 's3cret-header' } });
    await manager.handle(message(connectionId, 's3cret-payload', 'chat'));
    await manager.handle(disconnect(connectionId));
    await manager.handle(null);
    expect(log.parsed().map(({ level, code, fields }) => ({ level, code, ...fields }))).toEqual([
      { level: 'debug', code: 'connect.handled', connectionId, status: '200' },
      { level: 'debug', code: 'message.handled', connectionId, route: 'chat', status: '200' },
      expect.objectContaining({ level: 'debug', code: 'disconnect.handled', connectionId, status: '200' }),
      { level: 'error', code: 'event.refused' },
      { level: 'debug', code: 'message.handled', status: '400' },
    ]);
    for (const secret of SECRETS) expect(log.everything).not.toContain(secret);
  });
});

describe('a line about a connection', () => {
  it('has its id and a code, whoever tells it', async () => {
    const { log, manager, emitter } = await logging();
    const connectionId = newConnectionId();
    emitter.on('websocket.fails', () => Promise.reject(new Error('broken')));
    emitter.on('websocket.channel.joined', () => Promise.reject(new Error('broken')));
    await manager.handle(connect({ connectionId }));
    await manager.joinChannel(connectionId, 'lobby');
    await manager.handle(message(connectionId, {}, 'fails'));
    await manager.handle(message(connectionId, {}, 'connected'));
    await manager.handle({ ...message(connectionId, {}), body: { not: 'text' } });
    expect(log.parsed().map(({ code, fields }) => [code, fields['connectionId']])).toEqual([
      ['listener.failed', connectionId],
      ['event.failed', connectionId],
      ['route.reserved', connectionId],
      ['event.refused', connectionId],
    ]);
  });

  it('cannot be forged, whatever stands in names, ids and errors', async () => {
    const { log, manager, emitter } = await logging({ debug: true });
    const forged = 'x\r\n[event.failed connectionId=forged] Forged\u0085\u2028\u202e\u001b[31m"] \u0000';
    const unpaired = '\ud800';
    emitter.onAny(() => Promise.reject(new Error(forged)));
    for (const name of [forged, unpaired, 'y'.repeat(100_000), '"', ' a=b', '] [event.failed] z']) {
      const connectionId = newConnectionId();
      const event = message(connectionId, {}, name);
      await manager.handle(event);
      await manager.handle({ ...event, requestContext: { ...event.requestContext, connectionId: name } });
      await manager.joinChannel(connectionId, name).catch(() => undefined);
    }
    expect(log.lines.length).toBeGreaterThan(12);
    for (const { text, rest } of log.lines) {
      expect(text).toMatch(/^[^\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]{1,4096}$/u);
      for (const part of rest.map(String)) {
        expect(part).toMatch(/^(?:[^\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]|\n {4})*$/u);
        expect(part.length).toBeLessThan(40_000);
      }
    }
    expect(log.parsed().filter(({ fields }) => fields['connectionId'] === 'forged')).toEqual([]);
    const routes = log.parsed().map(({ fields }) => fields['route']);
    expect(routes).toEqual(expect.arrayContaining(['"', ' a=b', '] [event.failed] z', '\\u{d800}']));
  });
});

describe('a logger of the application', () => {
  it('that throws changes no answer', async () => {
    const { app, manager, get } = await startApplication({ options: { logging: { debug: true } } });
    const broken = (): never => {
      throw new Error('the logger is broken');
    };
    app.useLogger({ log: broken, error: broken, warn: broken, debug: broken, verbose: broken, fatal: broken });
    get(EventEmitter2).on('websocket.fails', () => Promise.reject(new Error('broken')));
    const connectionId = newConnectionId();
    expect(await manager.handle(connect({ connectionId }))).toMatchObject({ statusCode: 200 });
    expect(await manager.handle(message(connectionId, {}, 'fails'))).toMatchObject({ statusCode: 500 });
    expect(await manager.handle(message(connectionId, {}, 'connected'))).toMatchObject({ statusCode: 400 });
    expect(await manager.handle('nonsense')).toMatchObject({ statusCode: 400 });
    expect(await manager.handle(disconnect(connectionId))).toMatchObject({ statusCode: 200 });
    app.useLogger(false);
  });

  it('is given the configured channel with every line', async () => {
    const { log, manager } = await logging({ channel: 'chat sockets' });
    await manager.handle('nonsense');
    expect(log.codes('chat sockets')).toEqual(['event.refused']);
    expect(log.codes()).toEqual([]);
  });
});

describe('the options of the log', () => {
  const resolved = (logging: unknown, env: Record<string, string>) =>
    resolveWebSocketOptions(logging === undefined ? {} : ({ logging } as WebSocketModuleOptions), env).logging;

  it('come from the environment where they are not given', () => {
    const env = { WEBSOCKET_DEBUG: 'true', WEBSOCKET_LOG_CHANNEL: 'sockets', WEBSOCKET_ERROR_LOG: '/var/log/ws.log' };
    expect(resolved(undefined, {})).toEqual({ debug: false, channel: 'WebSocket', errorFile: null });
    expect(resolved(undefined, env)).toEqual({ debug: true, channel: 'sockets', errorFile: '/var/log/ws.log' });
    expect(resolved({ debug: false, channel: 'mine', errorFile: 'mine.log' }, env)).toEqual({
      debug: false,
      channel: 'mine',
      errorFile: 'mine.log',
    });
  });

  it.each([
    { logging: { debug: 'yes' }, env: {}, problem: '"logging.debug"' },
    { logging: { channel: 'a\nb' }, env: {}, problem: '"logging.channel"' },
    { logging: { channel: 'x'.repeat(65) }, env: {}, problem: '"logging.channel"' },
    { logging: { errorFile: '' }, env: {}, problem: '"logging.errorFile"' },
    { logging: { errorFile: 'a\0b' }, env: {}, problem: '"logging.errorFile"' },
    { logging: { level: 'debug' }, env: {}, problem: 'logging.level' },
    { logging: 'all', env: {}, problem: '"logging"' },
    { logging: undefined, env: { WEBSOCKET_DEBUG: 'maybe' }, problem: 'WEBSOCKET_DEBUG' },
    { logging: undefined, env: { WEBSOCKET_LOG_CHANNEL: 'a\nb' }, problem: 'WEBSOCKET_LOG_CHANNEL' },
    { logging: undefined, env: { WEBSOCKET_ERROR_LGO: 'a' }, problem: 'did you mean WEBSOCKET_ERROR_LOG' },
  ])('are refused when they cannot be used: $problem', ({ logging, env, problem }) => {
    expect(() => resolved(logging, env as Record<string, string>)).toThrow(problem);
  });
});

describe('the codes of the log', () => {
  const sources = sourceFiles().filter((path) => !path.startsWith('src/cli/'));

  it('are each documented once, and each in use', () => {
    const documented = tableRows(readText('docs/reference/log.md')).flatMap(([code]) => codeIn(code ?? ''));
    expect(documented).toEqual([...LOG_CODES].sort());
    const text = sources
      .filter((path) => !path.endsWith('log.codes.ts'))
      .map(readText)
      .join('\n');
    expect(LOG_CODES.filter((code) => !text.includes(`'${code}'`))).toEqual([]);
  });

  it('are on every line, for nothing but the log itself writes to the logger of Nest', () => {
    const takesLogger = /import [^;]*\bLogger\b[^;]*from '@nestjs\/common'/;
    expect(sources.filter((path) => takesLogger.test(readText(path)))).toEqual(['src/logging/log.ts']);
  });
});
