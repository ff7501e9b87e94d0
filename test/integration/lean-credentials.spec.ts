import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { answer, FaultyServer, headerOf, stopFaultyServers, type RawRequest } from '../support/faulty-server.js';
import { post, startTransport, stopTransports } from '../support/lean.transport.js';

afterEach(stopTransports);
afterEach(stopFaultyServers);
afterEach(() => void jest.restoreAllMocks());

const DELIVERED = { status: 'delivered' };
const keyOf = (request: RawRequest) => /Credential=([^/]+)/.exec(headerOf(request, 'authorization') ?? '')?.[1];
const quiet = () => jest.spyOn(Logger.prototype, 'error').mockImplementation(() => undefined);

/** A server that takes one key only. */
function taking(accepted: () => string, error = 'ExpiredTokenException'): Promise<FaultyServer> {
  return FaultyServer.start((socket, request) => {
    socket.write(keyOf(request) === accepted() ? answer(200) : answer(403, { 'x-amzn-ErrorType': error }));
  });
}

describe('credentials that API Gateway refuses', () => {
  it.each(['ExpiredTokenException', 'ExpiredToken', 'UnrecognizedClientException', 'InvalidClientTokenId'])(
    'by %s are got anew once, for everybody',
    async (error) => {
      let key = 'KEY1';
      let asked = 0;
      const provider = async () => {
        asked++;
        return { accessKeyId: key, secretAccessKey: 'secret', expiration: new Date(Date.now() + 3_600_000) };
      };
      const server = await taking(() => key, error);
      const transport = startTransport({ credentials: provider, maxConcurrentSends: 30 });
      const send = () =>
        Promise.all(Array.from({ length: 200 }, (_, index) => post(transport, server.endpoint, `id-${index}`)));
      expect(await send()).toEqual(Array(200).fill(DELIVERED));
      key = 'KEY2';
      expect(await send()).toEqual(Array(200).fill(DELIVERED));
      expect(asked).toBe(2);
    },
  );

  it('are not asked for again and again when there are no others', async () => {
    quiet();
    let asked = 0;
    const provider = async () => {
      asked++;
      return { accessKeyId: 'OLD', secretAccessKey: 'secret', expiration: new Date(Date.now() + 3_600_000) };
    };
    const server = await taking(() => 'NEW');
    const transport = startTransport({ credentials: provider });
    for (let round = 0; round < 3; round++) {
      const posts = Array.from({ length: 20 }, (_, index) => post(transport, server.endpoint, `id-${index}`));
      for (const outcome of await Promise.all(posts)) {
        expect(outcome).toEqual({ status: 'forbidden', reason: 'ExpiredTokenException' });
      }
    }
    expect(asked).toBe(2);
    expect(server.requests.all).toHaveLength(60);
  });

  it('are not asked for with each message when the new ones are refused as well', async () => {
    quiet();
    let asked = 0;
    const provider = async () => ({
      accessKeyId: `KEY${++asked}`,
      secretAccessKey: 'secret',
      expiration: new Date(Date.now() + 3_600_000),
    });
    const server = await taking(() => 'NONE');
    const transport = startTransport({ credentials: provider });
    for (let index = 0; index < 20; index++) {
      expect(await post(transport, server.endpoint)).toEqual({ status: 'forbidden', reason: 'ExpiredTokenException' });
    }
    expect(asked).toBe(2);
  });

  it('for another reason are not the ones to blame', async () => {
    quiet();
    let asked = 0;
    const provider = async () => ({
      accessKeyId: `KEY${++asked}`,
      secretAccessKey: 'secret',
      expiration: new Date(Date.now() + 3_600_000),
    });
    const server = await taking(() => 'KEY2', 'AccessDeniedException');
    const outcome = await post(startTransport({ credentials: provider }), server.endpoint);
    expect(outcome).toEqual({ status: 'forbidden', reason: 'AccessDeniedException' });
    expect(asked).toBe(1);
  });

  it('are read from the environment once more', async () => {
    const server = await taking(() => 'ENV2');
    await withEnvironment(
      { AWS_ACCESS_KEY_ID: 'ENV1', AWS_SECRET_ACCESS_KEY: 's', AWS_SESSION_TOKEN: 'token' },
      async () => {
        const transport = startTransport({ credentials: null });
        server.behave((socket) => void socket.write(answer(200)));
        expect(await post(transport, server.endpoint)).toEqual(DELIVERED);
        expect(headerOf(await server.requests.next(), 'x-amz-security-token')).toBe('token');
        server.behave((socket, request) => {
          socket.write(keyOf(request) === 'ENV2' ? answer(200) : answer(403, { 'x-amzn-ErrorType': 'ExpiredToken' }));
        });
        process.env['AWS_ACCESS_KEY_ID'] = 'ENV2';
        expect(await post(transport, server.endpoint)).toEqual(DELIVERED);
      },
    );
  });
});

describe('credentials', () => {
  it('are got anew before they expire', async () => {
    let asked = 0;
    const provider = async () => ({
      accessKeyId: `KEY${++asked}`,
      secretAccessKey: 'secret',
      // Less than the five minutes that the SDK leaves.
      expiration: new Date(Date.now() + (asked === 1 ? 299_000 : 3_600_000)),
    });
    const server = await FaultyServer.start((socket) => void socket.write(answer(200)));
    const transport = startTransport({ credentials: provider });
    for (let index = 0; index < 4; index++) await post(transport, server.endpoint);
    expect(server.requests.all.map(keyOf).slice(1)).toEqual(['KEY2', 'KEY2', 'KEY2']);
    expect(asked).toBe(2);
  });

  it('that never come hold nobody for longer than allowed, nor against an abort', async () => {
    quiet();
    const server = await FaultyServer.start((socket) => void socket.write(answer(200)));
    const transport = startTransport({ credentials: () => new Promise(() => undefined) });
    const controller = new AbortController();
    const late = post(transport, server.endpoint, 'a', undefined, { timeoutMs: 40 });
    const dropped = post(transport, server.endpoint, 'b', { payload: Buffer.from('x'), signal: controller.signal });
    const left = post(transport, server.endpoint, 'c');
    controller.abort();
    expect(await dropped).toEqual({ status: 'failed', reason: 'AbortError' });
    expect(await late).toEqual({ status: 'failed', reason: 'TimeoutError', mayRetry: true });
    await transport.shutdown();
    expect(await left).toEqual({ status: 'failed', reason: 'AbortError' });
    expect(server.requests.all).toEqual([]);
  });

  it('that fail to come say why', async () => {
    quiet();
    const server = await FaultyServer.start((socket) => void socket.write(answer(200)));
    const failing = () => Promise.reject(Object.assign(new Error('none'), { name: 'CredentialsProviderError' }));
    const outcome = await post(startTransport({ credentials: failing }), server.endpoint);
    expect(outcome).toEqual({ status: 'failed', reason: 'CredentialsProviderError' });
  });

  it('cannot smuggle headers', async () => {
    quiet();
    const server = await FaultyServer.start((socket) => void socket.write(answer(200)));
    const credentials = { accessKeyId: 'KEY', secretAccessKey: 's', sessionToken: 'a\r\nx-evil: 1' };
    const outcome = await post(startTransport({ credentials }), server.endpoint);
    expect(outcome).toEqual({ status: 'failed', reason: 'ERR_INVALID_CHAR' });
    expect(server.requests.all).toEqual([]);
  });
});

describe('a clock that is wrong', () => {
  it('is corrected by the first refusal, for everybody', async () => {
    const ahead = 3_600_000;
    const server = await FaultyServer.start((socket, request) => {
      const [, y, mo, d, h, mi, s] = /^(....)(..)(..)T(..)(..)(..)Z$/.exec(headerOf(request, 'x-amz-date') ?? '') ?? [];
      const signedAt = Date.parse(`${y}-${mo}-${d}T${h}:${mi}:${s}Z`);
      const now = Date.now() + ahead;
      const isNear = Math.abs(signedAt - now) < 300_000;
      const headers = { Date: new Date(now).toUTCString(), 'x-amzn-ErrorType': 'InvalidSignatureException' };
      socket.write(isNear ? answer(200) : answer(403, headers));
    });
    const transport = startTransport();
    const posts = Array.from({ length: 20 }, (_, index) => post(transport, server.endpoint, `id-${index}`));
    expect(await Promise.all(posts)).toEqual(posts.map(() => DELIVERED));
    const { length } = server.requests.all;
    expect(length).toBeLessThanOrEqual(40);
    expect(await post(transport, server.endpoint)).toEqual(DELIVERED);
    expect(server.requests.all).toHaveLength(length + 1);
  });

  it('is not blamed when the server has the same time', async () => {
    quiet();
    const server = await FaultyServer.start(
      (socket) => void socket.write(answer(403, { Date: new Date().toUTCString() })),
    );
    expect(await post(startTransport(), server.endpoint)).toEqual({ status: 'forbidden', reason: 'Unknown' });
    expect(server.requests.all).toHaveLength(1);
  });

  it('is corrected no more than once for a message', async () => {
    quiet();
    let hours = 0;
    const server = await FaultyServer.start((socket) => {
      socket.write(answer(403, { Date: new Date(Date.now() + ++hours * 3_600_000).toUTCString() }));
    });
    expect(await post(startTransport(), server.endpoint)).toMatchObject({ status: 'forbidden' });
    expect(server.requests.all).toHaveLength(2);
  });
});

describe("the user's own client", () => {
  it('posts everything, and what it says is final', async () => {
    quiet();
    const sent: string[] = [];
    const managementApiClient = {
      send: async (command: object) => {
        sent.push(command.constructor.name);
        throw Object.assign(new Error('busy'), { name: 'LimitExceededException', $metadata: { httpStatusCode: 429 } });
      },
    };
    const transport = startTransport({ managementApiClient });
    const outcome = await post(transport, 'https://elsewhere.example');
    expect(outcome).toEqual({ status: 'throttled', reason: 'LimitExceededException', mayRetry: false });
    await transport.close({ connectionId: 'a', endpoint: 'https://elsewhere.example' });
    expect(sent).toEqual(['PostToConnectionCommand', 'DeleteConnectionCommand']);
  });
});

async function withEnvironment(values: Readonly<Record<string, string>>, work: () => Promise<void>): Promise<void> {
  const names = ['AWS_PROFILE', 'AWS_SESSION_TOKEN', ...Object.keys(values)];
  const before = names.map((name) => [name, process.env[name]] as const);
  for (const name of names) Reflect.deleteProperty(process.env, name);
  Object.assign(process.env, values);
  try {
    await work();
  } finally {
    for (const [name, value] of before) {
      if (value === undefined) Reflect.deleteProperty(process.env, name);
      else process.env[name] = value;
    }
  }
}
