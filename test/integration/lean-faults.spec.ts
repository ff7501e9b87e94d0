import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { PostToConnectionCommand } from '@aws-sdk/client-apigatewaymanagementapi';
import { getEventListeners } from 'node:events';
import { createServer } from 'node:net';
import { createSecureContext, type TLSSocket } from 'node:tls';
import type { DeliveryAttempt } from '../../src/contracts/connection.transport.js';
import { outcomeOfError } from '../../src/transports/management-api/outcome.js';
import { answer, FaultyServer, stopFaultyServers, type Misbehave } from '../support/faulty-server.js';
import { post, startTransport, stopTransports } from '../support/lean.transport.js';
import { managementApiClient } from '../support/management-api-client.js';

afterEach(stopTransports);
afterEach(stopFaultyServers);
afterEach(() => void jest.restoreAllMocks());

const DELIVERED = { status: 'delivered' };
const RESET = { status: 'failed', reason: 'ECONNRESET', mayRetry: true };
const ok: Misbehave = (socket) => void socket.write(answer(200));

describe('an answer', () => {
  const answers: [description: string, text: string][] = [
    ['200', answer(200)],
    ['204 without a body', 'HTTP/1.1 204 No Content\r\n\r\n'],
    ['a redirection', answer(301, { Location: '/' })],
    ['410 without a body', answer(410)],
    ['410 by name', answer(410, { 'x-amzn-ErrorType': 'GoneException' }, '{"message":"gone"}')],
    ['410 with HTML', answer(410, {}, '<html>')],
    ['GoneException with another status', answer(400, { 'x-amzn-ErrorType': 'GoneException' })],
    ['403', answer(403, { 'x-amzn-ErrorType': 'ForbiddenException:http://internal' }, '{"message":"no"}')],
    ['403 in the body', answer(403, {}, '{"__type":"com.amazon#AccessDeniedException"}')],
    ['403 with HTML', answer(403, { 'x-amzn-ErrorType': 'ForbiddenException' }, '<html>')],
    ['413', answer(413, { 'x-amzn-ErrorType': 'PayloadTooLargeException' })],
    ['429', answer(429, { 'x-amzn-ErrorType': 'LimitExceededException' })],
    ['429 by code', answer(429, {}, '{"code":"TooManyRequestsException:1","message":null}')],
    ['a bad id', answer(400, {}, '{"code":"BadRequestException","message":"é"}')],
    ['a code in capitals', answer(400, {}, '{"Code":"BadRequestException"}')],
    ['a code that is no text', answer(400, { 'x-amzn-ErrorType': 'Bar' }, '{"code":5}')],
    ['a type that is a number', answer(400, {}, '{"__type":5}')],
    ['a type that is no text', answer(400, {}, '{"__type":{}}')],
    ['a list', answer(400, {}, '[1]')],
    ['JSON null', answer(400, {}, 'null')],
    ['an empty type', answer(400, { 'x-amzn-ErrorType': '' })],
    ['an empty code', answer(400, {}, '{"name":"N","code":""}')],
    ['500', answer(500, { 'x-amzn-ErrorType': 'InternalServerError' })],
    ['503 in chunks', 'HTTP/1.1 503 X\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n'],
    ['200 after 100', `HTTP/1.1 100 Continue\r\n\r\n${answer(200)}`],
    ['Connection: close', answer(200, { Connection: 'close' })],
    ['504', answer(504)],
  ];
  it.each(answers)('of %s has the outcome that the SDK gives it', async (_, text) => {
    const server = await FaultyServer.start((socket) => void socket.write(text));
    jest.spyOn(Logger.prototype, 'error').mockImplementation(() => undefined);
    const client = managementApiClient(server.endpoint);
    const theirs: DeliveryAttempt = await client
      .send(new PostToConnectionCommand({ ConnectionId: 'a', Data: Buffer.from('x') }))
      .then(() => DELIVERED as DeliveryAttempt, outcomeOfError);
    client.destroy();
    expect(await post(startTransport(), server.endpoint)).toEqual(theirs);
    expect(await post(startTransport({ sender: 'sdk' }), server.endpoint)).toEqual(theirs);
  });

  it('that ends with the connection counts', async () => {
    const server = await FaultyServer.start((socket) => void socket.end('HTTP/1.1 200 OK\r\n\r\nfine'));
    const transport = startTransport();
    expect(await post(transport, server.endpoint)).toEqual(DELIVERED);
    expect(await post(transport, server.endpoint)).toEqual(DELIVERED);
    expect(server.connections).toBe(2);
  });

  it('that is no HTTP fails for good, and closes the connection', async () => {
    const server = await FaultyServer.start((socket) => void socket.write('SMTP ready\r\n\r\n'));
    expect(await post(startTransport(), server.endpoint)).toEqual({ status: 'failed', reason: 'INVALID_RESPONSE' });
    await server.closed.next();
  });

  it('that comes twice is used once', async () => {
    const server = await FaultyServer.start((socket, { connectionId }) => {
      socket.write(connectionId === 'gone' ? answer(410) + answer(410) : answer(200));
    });
    const transport = startTransport();
    expect(await post(transport, server.endpoint, 'gone')).toMatchObject({ status: 'gone' });
    expect(await post(transport, server.endpoint, 'here')).toEqual(DELIVERED);
  });
});

describe('a connection', () => {
  it('is used again, the last one first', async () => {
    const server = await FaultyServer.start(ok);
    const transport = startTransport();
    await Promise.all([post(transport, server.endpoint), post(transport, server.endpoint)]);
    for (let index = 0; index < 10; index++) expect(await post(transport, server.endpoint)).toEqual(DELIVERED);
    expect(server.connections).toBeLessThanOrEqual(2);
    expect(Math.max(...server.requests.all.map(({ earlier }) => earlier))).toBeGreaterThanOrEqual(10);
  });

  it('that died meanwhile costs nothing but another connection', async () => {
    const server = await FaultyServer.start((socket, { earlier }) => {
      if (earlier === 0) socket.write(answer(200));
      else socket.destroy();
    });
    const transport = startTransport();
    for (let index = 0; index < 5; index++) expect(await post(transport, server.endpoint)).toEqual(DELIVERED);
    expect(server.requests.all).toHaveLength(9);
  });

  it('that is closed while it is idle is not used', async () => {
    const server = await FaultyServer.start((socket) => void socket.end(answer(200)));
    const transport = startTransport();
    for (let index = 0; index < 5; index++) {
      expect(await post(transport, server.endpoint)).toEqual(DELIVERED);
      await server.closed.next();
    }
    expect(server.requests.all).toHaveLength(5);
  });

  it.each<[string, Misbehave]>([
    ['before a word of its first answer', (socket) => void socket.destroy()],
    ['by a reset', (socket) => void socket.resetAndDestroy()],
    ['in the middle of a head', (socket) => void socket.end('HTTP/1.1 200 O')],
    ['in the middle of a body', (socket) => void socket.end('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc')],
  ])('that breaks %s fails its message, once', async (_, misbehave) => {
    const server = await FaultyServer.start(misbehave);
    expect(await post(startTransport(), server.endpoint)).toEqual(RESET);
    expect(server.requests.all).toHaveLength(1);
  });

  it('that was used and breaks in the middle of an answer is not tried again: the message may have arrived', async () => {
    const server = await FaultyServer.start((socket, { earlier }) => {
      if (earlier === 0) socket.write(answer(200));
      else socket.end('HTTP/1.1 2');
    });
    const transport = startTransport();
    await post(transport, server.endpoint);
    expect(await post(transport, server.endpoint)).toEqual(RESET);
    expect(server.requests.all).toHaveLength(2);
  });

  it('that nobody takes says so', async () => {
    const closed = createServer();
    await new Promise<void>((resolve) => closed.listen(0, '127.0.0.1', resolve));
    const { port } = closed.address() as { port: number };
    await new Promise((resolve) => closed.close(resolve));
    const outcome = await post(startTransport(), `http://127.0.0.1:${port}`);
    expect(outcome).toEqual({ status: 'failed', reason: 'ECONNREFUSED', mayRetry: true });
    const elsewhere = await post(startTransport(), 'http://nowhere.invalid');
    expect(elsewhere).toMatchObject({
      status: 'failed',
      reason: expect.stringMatching(/^(ENOTFOUND|EAI_AGAIN)$/),
      mayRetry: true,
    });
  });

  it('by TLS is trusted by its certificate, and resumed', async () => {
    const resumed: boolean[] = [];
    const server = await FaultyServer.start(
      (socket) => {
        resumed.push((socket as TLSSocket).isSessionReused());
        socket.write(answer(200, { Connection: 'close' }));
      },
      { isSecure: true },
    );
    const transport = startTransport();
    for (let index = 0; index < 3; index++) expect(await post(transport, server.endpoint)).toEqual(DELIVERED);
    expect(resumed).toEqual([false, true, true]);
  });

  it('by TLS to somebody else fails for good', async () => {
    const server = await FaultyServer.start(ok, { isSecure: true });
    const distrusting = startTransport({ secureContext: createSecureContext() });
    expect(await post(distrusting, server.endpoint)).toEqual({
      status: 'failed',
      reason: 'DEPTH_ZERO_SELF_SIGNED_CERT',
    });
    expect(server.requests.all).toEqual([]);
  });

  it('by TLS to something that does not speak it fails', async () => {
    const server = await FaultyServer.start(ok);
    const nonsense = createServer((socket) =>
      socket.on('error', () => undefined).end('HTTP/1.1 400 Bad Request\r\n\r\n'),
    );
    await new Promise<void>((resolve) => nonsense.listen(0, '127.0.0.1', resolve));
    const { port } = nonsense.address() as { port: number };
    const outcome = await post(startTransport(), `https://127.0.0.1:${port}`);
    expect(outcome).toMatchObject({ status: 'failed', reason: expect.stringMatching(/^ERR_SSL|^EPROTO|^ECONNRESET/) });
    nonsense.close();
    await server.stop();
  });
});

describe('an answer that does not come', () => {
  it('is given up after the time for one request, and its connection closed', async () => {
    const server = await FaultyServer.start(() => undefined);
    const startedAt = performance.now();
    const outcome = await post(startTransport({ requestTimeoutMs: 60 }), server.endpoint);
    expect(outcome).toEqual({ status: 'failed', reason: 'ETIMEDOUT', mayRetry: true });
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(59);
    await server.closed.next();
  });

  it('is given up after the time for this attempt, its wait in the line included', async () => {
    const server = await FaultyServer.start(() => undefined);
    const transport = startTransport({ maxConcurrentSends: 1 });
    const posts = [1, 2, 3].map(() => post(transport, server.endpoint, 'a', undefined, { timeoutMs: 60 }));
    for (const outcome of await Promise.all(posts)) {
      expect(outcome).toEqual({ status: 'failed', reason: 'TimeoutError', mayRetry: true });
    }
    expect(server.requests.all).toHaveLength(1);
  });

  it('does not keep the others waiting', async () => {
    const server = await FaultyServer.start((socket, { connectionId }) => {
      if (!connectionId.startsWith('sick')) socket.write(answer(200));
    });
    const transport = startTransport({ maxConcurrentSends: 4 });
    expect(await post(transport, server.endpoint)).toEqual(DELIVERED);
    const sick = [1, 2, 3, 4].map((index) => post(transport, server.endpoint, `sick-${index}`));
    const healthy = Array.from({ length: 50 }, (_, index) => post(transport, server.endpoint, `well-${index}`));
    expect(await Promise.all(healthy)).toEqual(healthy.map(() => DELIVERED));
    await transport.shutdown();
    expect((await Promise.all(sick)).map(({ reason }) => reason)).toEqual(sick.map(() => 'AbortError'));
  });
});

describe('an aborted message', () => {
  it('is not sent any more, and given up where it is under way, with one listener in all', async () => {
    const server = await FaultyServer.start((socket, { connectionId }) => {
      if (connectionId === 'other') socket.write(answer(200));
    });
    const transport = startTransport({ maxConcurrentSends: 2 });
    const controller = new AbortController();
    const message = { payload: Buffer.from('x'), signal: controller.signal };
    const posts = Array.from({ length: 20 }, (_, index) => post(transport, server.endpoint, `id-${index}`, message));
    await server.requests.until(2);
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(1);
    controller.abort();
    expect(await Promise.all(posts)).toEqual(posts.map(() => ({ status: 'failed', reason: 'AbortError' })));
    await server.closed.until(2);
    expect(server.requests.all).toHaveLength(2);
    expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
    expect(await post(transport, server.endpoint, 'late', message)).toMatchObject({ reason: 'AbortError' });
    expect(await post(transport, server.endpoint, 'other')).toEqual(DELIVERED);
  });

  it('leaves no listener behind when it was not aborted', async () => {
    const server = await FaultyServer.start(ok);
    const { signal } = new AbortController();
    for (const sender of ['lean', 'sdk'] as const) {
      const transport = startTransport({ sender });
      const message = { payload: Buffer.from('x'), signal };
      const posts = Array.from({ length: 20 }, (_, index) => post(transport, server.endpoint, `id-${index}`, message));
      expect(getEventListeners(signal, 'abort')).toHaveLength(1);
      await Promise.all(posts);
      expect(getEventListeners(signal, 'abort')).toEqual([]);
    }
  });
});

describe('a transport after a storm', () => {
  it('has given every message its outcome, and leaks nothing', async () => {
    jest.spyOn(Logger.prototype, 'error').mockImplementation(() => undefined);
    for (const isSecure of [false, true]) {
      const kinds: readonly [Misbehave, outcome: object][] = [
        [ok, DELIVERED],
        [(socket) => void socket.write(answer(410)), { status: 'gone', reason: 'gone' }],
        [(socket) => void socket.write(answer(429)), { status: 'throttled', reason: 'Unknown', mayRetry: true }],
        [(socket) => void socket.write(answer(413)), { status: 'too-large', reason: 'Unknown' }],
        [(socket) => void socket.write(answer(403)), { status: 'forbidden', reason: 'Unknown' }],
        [(socket) => void socket.write(answer(500)), { status: 'failed', reason: 'Unknown', mayRetry: true }],
        [(socket) => void setTimeout(() => socket.write(answer(200)), 30), DELIVERED],
        [() => undefined, { status: 'failed', reason: 'ETIMEDOUT', mayRetry: true }],
        [(socket) => void socket.end(answer(200)), DELIVERED],
        [(socket) => void socket.write(answer(200, { Connection: 'close' })), DELIVERED],
        [(socket) => void socket.write(`HTTP/1.1 100 Continue\r\n\r\n${answer(200)}`), DELIVERED],
        [(socket) => void socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'), DELIVERED],
        [(socket) => void socket.end('HTTP/1.1 200'), RESET],
      ];
      const server = await FaultyServer.start(
        (socket, request) => {
          kinds[Number(request.connectionId.split('-')[0])]?.[0](socket, request);
        },
        { isSecure },
      );
      const before = process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
      const transport = startTransport({ requestTimeoutMs: 3_000, deliveryTimeoutMs: 30_000, maxConcurrentSends: 40 });
      const { signal } = new AbortController();
      const message = { payload: Buffer.from('x'), signal };
      const ids = Array.from({ length: 40 * kinds.length }, (_, index) => `${index % kinds.length}-${index}`);
      const outcomes = await Promise.all(
        ids.map((id) => post(transport, server.endpoint, id, message, { timeoutMs: 60_000 })),
      );
      expect(outcomes).toEqual(ids.map((_, index) => kinds[index % kinds.length]?.[1]));
      expect(getEventListeners(signal, 'abort')).toEqual([]);
      await transport.shutdown();
      await server.closed.until(server.connections);
      expect(server.sockets.size).toBe(0);
      expect(process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length).toBeLessThanOrEqual(before);
      await server.stop();
    }
  }, 60_000);
});
