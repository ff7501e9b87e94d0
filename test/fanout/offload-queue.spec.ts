import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { SQSClient, type SendMessageBatchCommandInput } from '@aws-sdk/client-sqs';
import { openShardQueue, type QueueOptions } from '../../src/fanout/offload/offload.factory.js';
import { ShardQueue, type ShardMessage } from '../../src/fanout/offload/shard.queue.js';
import { regionOfQueue } from '../../src/fanout/offload/sqs.client.js';
import { InvalidOptionsError } from '../../src/index.js';
import { ManualClock } from '../support/manual.clock.js';
import { SqsServer } from '../support/sqs.server.js';

const TIMEOUT_MS = 10_000;

const messages = (count: number): ShardMessage[] =>
  Array.from({ length: count }, (_, index) => ({ body: `shard-${index}`, recipients: 1 }));

describe('the queue of shards', () => {
  let sqs: SqsServer;
  let clock: ManualClock;
  let requests: string[][];
  /** Entries of a request that are refused, by their bodies. */
  let refuse: (request: number, body: string) => { readonly senderFault: boolean } | null;

  beforeAll(async () => {
    sqs = await SqsServer.start();
    sqs.client.middlewareStack.add(
      (next) => async (args) => {
        const input = args.input as SendMessageBatchCommandInput;
        if (input.Entries === undefined) return next(args);
        const entries = input.Entries.map(({ Id = '', MessageBody = '' }) => ({ Id, MessageBody }));
        requests.push(entries.map(({ MessageBody }) => MessageBody));
        const refused = entries.filter(({ MessageBody }) => refuse(requests.length, MessageBody) !== null);
        const taken = entries.filter((entry) => !refused.includes(entry));
        const answer =
          taken.length > 0
            ? await next({ ...args, input: { ...args.input, Entries: taken } })
            : { output: {}, response: {} };
        const Failed = refused.map(({ Id, MessageBody }) => ({
          Id,
          Code: 'InternalError',
          SenderFault: refuse(requests.length, MessageBody)?.senderFault,
        }));
        return { ...answer, output: { ...answer.output, Failed } } as Awaited<ReturnType<typeof next>>;
      },
      { step: 'initialize', name: 'refuse', priority: 'high' },
    );
  });

  beforeEach(() => {
    clock = new ManualClock();
    requests = [];
    refuse = () => null;
  });

  afterAll(() => sqs.stop());

  const queue = () => new ShardQueue(() => sqs.client, { queueUrl: sqs.queueUrl, clock, timeoutMs: TIMEOUT_MS });

  /** Lets time pass until the work is done. */
  const whileTimePasses = async <Result>(work: Promise<Result>): Promise<Result> => {
    let isDone = false;
    const done = work.finally(() => (isDone = true));
    while (!isDone) {
      await clock.advance(50);
    }
    return done;
  };

  it('tries those again that were refused, and only those', async () => {
    refuse = (request, body) => (request < 3 && /[37]$/.test(body) ? { senderFault: false } : null);
    expect(await whileTimePasses(queue().send(messages(10)))).toBeNull();
    expect(requests.slice(1)).toEqual([
      ['shard-3', 'shard-7'],
      ['shard-3', 'shard-7'],
    ]);
    expect(clock.pending).toBe(0);
  });

  it('does not try again what is at fault itself, and tells which those were', async () => {
    refuse = (request, body) =>
      body === 'shard-2' ? { senderFault: true } : request === 1 && body === 'shard-0' ? { senderFault: false } : null;
    const refusal = await whileTimePasses(queue().send(messages(3)));
    expect(refusal?.messages.map(({ body }) => body)).toEqual(['shard-2']);
    expect(requests.slice(1)).toEqual([['shard-0']]);
  });

  it('gives up when time is up, with pauses that grow, and leaves no timer', async () => {
    refuse = () => ({ senderFault: false });
    const start = clock.now();
    const refusal = await whileTimePasses(queue().send(messages(2)));
    expect(refusal?.messages).toHaveLength(2);
    expect(clock.now() - start).toBeLessThanOrEqual(TIMEOUT_MS + 50);
    expect(requests.length).toBeGreaterThan(5);
    expect(requests.length).toBeLessThan(60);
    expect(clock.pending).toBe(0);
  });

  it('gives up at once when its signal is aborted, also in a pause', async () => {
    refuse = () => ({ senderFault: false });
    const abort = new AbortController();
    const sending = queue().send(messages(2), abort.signal);
    while (clock.pending < 2) await clock.advance(0);
    abort.abort();
    expect((await sending)?.messages).toHaveLength(2);
    expect(await queue().send(messages(1), abort.signal)).toMatchObject({ messages: [{ body: 'shard-0' }] });
    expect(requests).toHaveLength(1);
    expect(clock.pending).toBe(0);
  });

  it('does not try again where there is no such queue', async () => {
    const queueUrl = sqs.queueUrl.replace('broadcasts', 'nowhere');
    const lost = new ShardQueue(() => sqs.client, { queueUrl, clock, timeoutMs: TIMEOUT_MS });
    const refusal = await lost.send(messages(2));
    expect(refusal?.messages).toHaveLength(2);
    expect(requests).toHaveLength(1);
    expect(refusal?.cause).toBeInstanceOf(Error);
  });
});

describe('an SQS that never answers', () => {
  it('is found where the URL of the queue says, and left when time is up', async () => {
    const server = createServer(() => undefined).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const clock = new ManualClock();
    const { queue, close } = await openShardQueue({ ...options(clock), queueUrl: `${endpoint}/000000000000/q` });
    const sending = queue.send(messages(1));
    await once(server, 'request');
    await clock.advance(TIMEOUT_MS);
    expect((await sending)?.messages).toHaveLength(1);
    close();
    server.closeAllConnections();
    server.close();
  });
});

describe('the client of the queue', () => {
  let sqs: SqsServer | undefined;

  afterEach(async () => {
    await sqs?.stop();
    sqs = undefined;
  });

  it('is made for the endpoint that is given, before the one in the URL', async () => {
    sqs = await SqsServer.start();
    const clock = new ManualClock();
    const { endpoint, queueUrl } = sqs;
    const { queue, close } = await openShardQueue({ ...options(clock), queueUrl, endpoint });
    expect(await queue.send(messages(2))).toBeNull();
    expect((await sqs.receive())?.Records.map(({ body }) => body)).toEqual(['shard-0', 'shard-1']);
    close();
  });

  it('may be the application’s own, which is not destroyed', async () => {
    sqs = await SqsServer.start();
    const { queue, close } = await openShardQueue({
      ...options(new ManualClock()),
      queueUrl: sqs.queueUrl,
      client: sqs.client,
    });
    expect(await queue.send(messages(1))).toBeNull();
    close();
    expect(await queue.send(messages(1))).toBeNull();
  });

  it('is typed so that a client of the SDK can be given', () => {
    const given: QueueOptions['client'] = new SQSClient({ region: 'eu-west-1' });
    expect(given).toHaveProperty('send');
  });

  it('is none for a FIFO queue', async () => {
    const queueUrl = 'https://sqs.eu-west-1.amazonaws.com/123456789012/shards.fifo';
    await expect(openShardQueue({ ...options(new ManualClock()), queueUrl })).rejects.toBeInstanceOf(
      InvalidOptionsError,
    );
  });

  it.each([
    ['https://sqs.eu-west-1.amazonaws.com/123456789012/q', 'eu-west-1'],
    ['https://sqs.us-gov-west-1.amazonaws.com/123456789012/q', 'us-gov-west-1'],
    ['https://sqs.cn-north-1.amazonaws.com.cn/123456789012/q', 'cn-north-1'],
    ['https://sqs-fips.us-east-2.amazonaws.com/123456789012/q', 'us-east-2'],
    ['https://sqs.ap-southeast-2.api.aws/123456789012/q', 'ap-southeast-2'],
    ['https://vpce-1a2b-3c4d.sqs.us-east-1.vpce.amazonaws.com/123456789012/q', 'us-east-1'],
    ['https://eu-central-1.queue.amazonaws.com/123456789012/q', 'eu-central-1'],
    ['http://sqs.eu-west-1.localhost.localstack.cloud:4566/000000000000/q', 'eu-west-1'],
    ['https://queue.amazonaws.com/123456789012/q', null],
    ['http://localhost:9324/000000000000/q', null],
    ['http://127.0.0.1:9324/000000000000/sqs.eu-west-1.example', null],
  ])('finds the region in %s', (queueUrl, region) => {
    expect(regionOfQueue(queueUrl)).toBe(region);
  });
});

function options(clock: ManualClock): QueueOptions {
  return {
    queueUrl: 'https://sqs.eu-west-1.amazonaws.com/123456789012/q',
    region: null,
    fallbackRegion: 'eu-west-1',
    endpoint: null,
    credentials: Object.freeze({ accessKeyId: 'test', secretAccessKey: 'test' }),
    timeoutMs: 3_000,
    client: null,
    clock,
    deliveryTimeoutMs: TIMEOUT_MS,
  };
}
