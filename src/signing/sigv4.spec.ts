import { describe, expect, it } from '@jest/globals';
import { SignatureV4 } from '@smithy/signature-v4';
import { createHash, createHmac } from 'node:crypto';
import { deriveSigningKey, sha256Hex, sign, type SignableRequest } from './sigv4.js';

// Those of AWS's published examples and of its Signature Version 4 test suite.
const SECRET = 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY';
const TIMESTAMP = '20150830T123600Z';
const SCOPE = { date: '20150830', region: 'us-east-1', service: 'service' };
const HOST = ['host', 'example.amazonaws.com'] as const;
const DATE = ['x-amz-date', TIMESTAMP] as const;

const VANILLA: SignableRequest = {
  method: 'GET',
  path: '/',
  query: [],
  headers: [HOST, DATE],
  payloadHash: sha256Hex(''),
};

describe("AWS's own vectors", () => {
  it('derives the signing key of the documentation', () => {
    const key = deriveSigningKey(SECRET, { date: '20150830', region: 'us-east-1', service: 'iam' });
    expect(key.toString('hex')).toBe('c4afb1cc5771d871763a393e44b703571b55cc28424d1a5e86da6ed3c154a4b9');
  });

  const vectors: [name: string, request: SignableRequest, signature: string][] = [
    ['get-vanilla', VANILLA, '5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31'],
    [
      'get-vanilla-query-order-key-case',
      {
        ...VANILLA,
        query: [
          ['Param2', 'value2'],
          ['Param1', 'value1'],
        ],
      },
      'b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500',
    ],
    [
      'get-header-value-trim',
      { ...VANILLA, headers: [HOST, ['my-header1', ' value1'], ['my-header2', ' "a   b   c"'], DATE] },
      'acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736',
    ],
    [
      'post-vanilla',
      { ...VANILLA, method: 'POST' },
      '5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b',
    ],
    [
      'post-x-www-form-urlencoded',
      {
        ...VANILLA,
        method: 'POST',
        headers: [['content-type', 'application/x-www-form-urlencoded'], HOST, DATE],
        payloadHash: sha256Hex('Param1=value1'),
      },
      'ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a',
    ],
  ];
  it.each(vectors)('signs %s', (_, request, signature) => {
    expect(sign(request, deriveSigningKey(SECRET, SCOPE), SCOPE, TIMESTAMP)).toBe(signature);
  });
});

type Data = string | ArrayBuffer | ArrayBufferView;

/** The hash function in the form in which the AWS SDK takes it. */
class Sha256 {
  private readonly hash: ReturnType<typeof createHash | typeof createHmac>;

  constructor(secret?: Data) {
    this.hash = secret === undefined ? createHash('sha256') : createHmac('sha256', bytesOf(secret));
  }

  update(data: Data): void {
    this.hash.update(bytesOf(data));
  }

  async digest(): Promise<Uint8Array> {
    return this.hash.digest();
  }

  reset(): void {
    throw new Error('A hash is used once.');
  }
}

function bytesOf(data: Data): Buffer {
  if (typeof data === 'string') return Buffer.from(data);
  return ArrayBuffer.isView(data) ? Buffer.from(data.buffer, data.byteOffset, data.byteLength) : Buffer.from(data);
}

describe("the AWS SDK's signer", () => {
  const requests: [description: string, method: string, path: string, query: Record<string, string>, body: string][] = [
    ['a post', 'POST', '/prod/@connections/AbCdEfGhIAMCJkL%3D', {}, '{"hello":"wörld"}'],
    ['an id with a plus and a slash', 'POST', '/prod/@connections/a%2Bb%2FcEfGhIAMCJ%3D', {}, 'x'],
    ['a deletion', 'DELETE', '/ws/%40connections/AbCdEfGhIAMCJkL%3D', {}, ''],
    ['a query', 'GET', '/ws/@connections/AbCdEfGhIAMCJkL%3D', { b: 'two words', a: "*!'()~", é: '/+=' }, ''],
  ];
  it.each(requests)('signs %s the same', async (_, method, path, query, body) => {
    const scope = { date: '20261121', region: 'eu-west-1', service: 'execute-api' };
    const timestamp = '20261121T083000Z';
    const signer = new SignatureV4({
      credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: SECRET, sessionToken: 'token/example==' },
      region: scope.region,
      service: scope.service,
      sha256: Sha256,
    });
    const signed = await signer.sign(
      {
        method,
        protocol: 'https:',
        hostname: 'api.example.com',
        path,
        query,
        headers: { host: 'api.example.com' },
        body,
      },
      { signingDate: new Date('2026-11-21T08:30:00Z') },
    );
    const [, names = '', signature] =
      /SignedHeaders=([^,]+), Signature=(\w+)/.exec(signed.headers['authorization'] ?? '') ?? [];
    const ours: SignableRequest = {
      method,
      path,
      query: Object.entries(query),
      headers: names.split(';').map((name) => [name, signed.headers[name] ?? '']),
      payloadHash: sha256Hex(body),
    };
    expect(names).toContain('x-amz-security-token');
    expect(sign(ours, deriveSigningKey(SECRET, scope), scope, timestamp)).toBe(signature);
  });
});
