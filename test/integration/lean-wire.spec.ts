import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { PostToConnectionCommand, type ApiGatewayManagementApiClient } from '@aws-sdk/client-apigatewaymanagementapi';
import { SignatureV4 } from '@smithy/signature-v4';
import { createHash, createHmac } from 'node:crypto';
import { Destination } from '../../src/transports/management-api/destination.js';
import { answer, FaultyServer, headerOf, stopFaultyServers, type RawRequest } from '../support/faulty-server.js';
import { post, startTransport, stopTransports } from '../support/lean.transport.js';
import { managementApiClient } from '../support/management-api-client.js';

const clients: ApiGatewayManagementApiClient[] = [];
afterEach(() => {
  for (const client of clients.splice(0)) client.destroy();
});
afterEach(stopTransports);
afterEach(stopFaultyServers);

const ODD_IDS = [
  'AbCdEfGhIAMCJkL=',
  'a+b/c=',
  "it's (un)usual! *~",
  '100% & "quoted"?#[x]@:;,$',
  'grüße-😀-日本',
  '%2F%25',
  ' ',
  '.',
  '..',
  '...',
  '',
];

/** What differs between any two requests, the SDK's own included, made the same. */
function normalized({ requestLine, headers, body }: RawRequest) {
  const shapes: Record<string, RegExp> = {
    'amz-sdk-invocation-id': /^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/,
    'x-amz-date': /^\d{8}T\d{6}Z$/,
    'user-agent': /^\S+/,
    'x-amz-user-agent': /^\S+/,
  };
  return {
    requestLine,
    body,
    headers: headers.map(([name, value]) => {
      if (shapes[name]?.test(value) === true) return [name, 'varies'];
      return name === 'authorization' ? [name, value.replace(/Signature=[\da-f]{64}$/, 'Signature=')] : [name, value];
    }),
  };
}

class Sha256 {
  private readonly hash: ReturnType<typeof createHash | typeof createHmac>;

  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.hash =
      secret === undefined
        ? createHash('sha256')
        : createHmac('sha256', typeof secret === 'string' ? secret : bytesOf(secret));
  }

  update(data: string | ArrayBuffer | ArrayBufferView): void {
    this.hash.update(typeof data === 'string' ? data : bytesOf(data));
  }

  async digest(): Promise<Uint8Array> {
    return this.hash.digest();
  }

  reset(): void {
    throw new Error('A hash is used once.');
  }
}

function bytesOf(data: ArrayBuffer | ArrayBufferView): Buffer {
  return ArrayBuffer.isView(data) ? Buffer.from(data.buffer, data.byteOffset, data.byteLength) : Buffer.from(data);
}

/** The authorization that the SDK's signer gives the very request that was recorded. */
async function signedBySdk(
  request: RawRequest,
  credentials: { accessKeyId: string; secretAccessKey: string; sessionToken?: string },
  region: string,
) {
  const date = headerOf(request, 'x-amz-date') ?? '';
  const names = /SignedHeaders=([^,]+)/.exec(headerOf(request, 'authorization') ?? '')?.[1]?.split(';') ?? [];
  const signer = new SignatureV4({ credentials, region, service: 'execute-api', sha256: Sha256 });
  const { headers } = await signer.sign(
    {
      method: 'POST',
      protocol: 'https:',
      hostname: 'unused.example',
      path: request.requestLine.split(' ')[1] ?? '',
      query: {},
      headers: Object.fromEntries(
        names
          .filter((name) => !/^x-amz-(date|security-token)$/.test(name))
          .map((name) => [name, headerOf(request, name) ?? '']),
      ),
      body: Buffer.from(request.body, 'latin1'),
    },
    { signingDate: new Date(date.replace(/(....)(..)(..)T(..)(..)(..)Z/, '$1-$2-$3T$4:$5:$6Z')) },
  );
  return headers['authorization'];
}

describe('a request of the lean sender', () => {
  let server: FaultyServer;
  beforeEach(async () => {
    server = await FaultyServer.start((socket) => void socket.write(answer(200)));
  });

  const pairs = [
    ['a pair of keys', { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'se/cr+et=' }],
    [
      'a session token',
      { accessKeyId: 'ASIAEXAMPLE', secretAccessKey: 'se/cr+et=', sessionToken: 'token/with+signs==' },
    ],
  ] as const;

  describe.each(pairs)('with %s', (_, credentials) => {
    it.each(['/prod', '', '/', '/base/path/', '/a//b', '/b%20ase'])(
      'is the one of the SDK, on the path %j',
      async (path) => {
        const endpoint = `http://127.0.0.1:${server.port}${path}`;
        const client = managementApiClient(endpoint, { credentials: { ...credentials }, maxAttempts: 3 });
        clients.push(client);
        const transport = startTransport({ credentials });
        for (const connectionId of ODD_IDS) {
          const payload = Buffer.from(`{"für":"${connectionId}"}`);
          await client.send(new PostToConnectionCommand({ ConnectionId: connectionId, Data: payload }));
          expect(await post(transport, endpoint, connectionId, { payload })).toEqual({ status: 'delivered' });
          const [theirs, ours] = [await server.requests.next(), await server.requests.next()];
          expect(normalized(ours)).toEqual(normalized(theirs));
          expect(headerOf(ours, 'authorization')).toBe(await signedBySdk(ours, credentials, 'eu-west-1'));
          // The check is worth something: the SDK's own request passes it.
          expect(headerOf(theirs, 'authorization')).toBe(await signedBySdk(theirs, credentials, 'eu-west-1'));
        }
      },
    );
  });

  it('says which attempt it is, under the same invocation id', async () => {
    const transport = startTransport();
    const message = { payload: Buffer.from('x') };
    server.behave((socket) => void socket.write(answer(500)));
    for (const attempt of [1, 2, 3]) await post(transport, server.endpoint, 'a', message, { attempt });
    const requests = await server.requests.until(3);
    expect(requests.map((request) => headerOf(request, 'amz-sdk-request'))).toEqual([
      'attempt=1; max=3',
      'attempt=2; max=3',
      'attempt=3; max=3',
    ]);
    expect(new Set(requests.map((request) => headerOf(request, 'amz-sdk-invocation-id'))).size).toBe(1);
  });

  it('passes on the trace of the Lambda invocation, unsigned, as the SDK does', async () => {
    process.env['AWS_LAMBDA_FUNCTION_NAME'] = 'function';
    process.env['_X_AMZN_TRACE_ID'] = 'Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1';
    try {
      const client = managementApiClient(server.endpoint, { maxAttempts: 3 });
      clients.push(client);
      await client.send(new PostToConnectionCommand({ ConnectionId: 'a', Data: Buffer.from('x') }));
      await post(startTransport(), server.endpoint, 'a', { payload: Buffer.from('x') });
      const [theirs, ours] = [await server.requests.next(), await server.requests.next()];
      expect(headerOf(theirs, 'x-amzn-trace-id')).toBeDefined();
      expect(normalized(ours)).toEqual(normalized(theirs));
    } finally {
      delete process.env['AWS_LAMBDA_FUNCTION_NAME'];
      delete process.env['_X_AMZN_TRACE_ID'];
    }
  });

  it('arrives whole when it is large', async () => {
    const payload = Buffer.from('ß'.repeat(65_536));
    expect(await post(startTransport(), server.endpoint, 'a', { payload })).toEqual({ status: 'delivered' });
    expect(Buffer.from((await server.requests.next()).body, 'latin1').equals(payload)).toBe(true);
  });

  it.each([
    ['https://abc123.execute-api.cn-north-1.amazonaws.com.cn/prod', 'cn-north-1'],
    ['https://abc123.execute-api.us-gov-west-1.amazonaws.com/prod', 'us-gov-west-1'],
    ['https://ws.example.com/chat', 'ap-south-1'],
  ])('is signed for %s as the SDK signs it', async (endpoint, region) => {
    const credentials = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret' };
    const fields = { connectionId: 'a+b=', invocationId: crypto.randomUUID(), attempt: 1 };
    const text = new Destination(endpoint, region).compose({ payload: Buffer.from('x') }, fields, credentials);
    const [requestLine = '', ...lines] = (text.split('\r\n\r\n')[0] ?? '').split('\r\n');
    const headers = lines.map((line) => line.split(/: (.*)/s).slice(0, 2) as [string, string]);
    const request = { requestLine, headers, body: 'x', connectionId: 'a+b=', earlier: 0 };
    expect(headerOf(request, 'host')).toBe(new URL(endpoint).host);
    expect(headerOf(request, 'authorization')).toContain(`/${region}/execute-api/aws4_request`);
    expect(headerOf(request, 'authorization')).toBe(await signedBySdk(request, credentials, region));
  });
});
