import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { InvalidPayloadError, PayloadTooLargeError, type WebSocketManager } from '../../src/index.js';
import { startApplication, stopApplications } from '../support/application.js';
import { ManagementApiServer, stopManagementApis } from '../support/management-api-server.js';
import { connect, newConnectionId } from '../support/events.js';
import { ManualClock, passing } from '../support/manual.clock.js';

const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };

let clock: ManualClock;
let server: ManagementApiServer;
let manager: WebSocketManager;

beforeEach(async () => {
  clock = new ManualClock(Date.now());
  server = await ManagementApiServer.start();
  ({ manager } = await startApplication({ options: { apiGatewayEndpoint: server.endpoint(), credentials, clock } }));
});

afterEach(async () => {
  await stopApplications();
  await stopManagementApis();
});

async function connected(channels: string[] = [], userId?: string): Promise<string> {
  const connectionId = newConnectionId();
  await manager.handle(connect({ connectionId, userId }));
  for (const channel of channels) await manager.joinChannel(connectionId, channel);
  return connectionId;
}

describe('a selection', () => {
  it('reaches the members of its channels and the connections of its users once each, without the exceptions', async () => {
    const inBoth = await connected(['news', 'sport']);
    const inNews = await connected(['news'], '42');
    const ofUser = await connected([], '42');
    const excluded = await connected(['news']);
    const outside = await connected();
    const report = await manager.to('news', 'sport').toUser(42).except(excluded).send({ n: 1 });
    expect(report).toEqual({ delivered: 3, gone: 0, throttled: 0, failed: 0 });
    expect(server.inboxes).toEqual({ [inBoth]: [{ n: 1 }], [inNews]: [{ n: 1 }], [ofUser]: [{ n: 1 }] });
    expect(server.inboxes[outside]).toBeUndefined();
  });

  it('is everyone when it was told neither channels nor users', async () => {
    const [a, b] = [await connected(), await connected()];
    await manager.except(a).send('hi');
    expect(server.inboxes).toEqual({ [b]: ['hi'] });
  });

  it('is nobody when the list of channels or users that it was given is empty', async () => {
    await connected(['news'], '42');
    const nobody = { delivered: 0, gone: 0, throttled: 0, failed: 0 };
    expect(await manager.to(...[]).send('secret')).toEqual(nobody);
    expect(await manager.toUser(...[]).send('secret')).toEqual(nobody);
    expect(await manager.except('someone').to().send('secret')).toEqual(nobody);
    expect(server.requests.all).toEqual([]);
  });

  it('is nobody when it names a channel that has no members, or none could have', async () => {
    await connected();
    for (const channel of ['empty', '', 'x'.repeat(201)]) {
      expect(await manager.to(channel).send('hi')).toEqual({ delivered: 0, gone: 0, throttled: 0, failed: 0 });
    }
    expect(server.requests.all).toEqual([]);
  });

  it('is not changed by a later step', async () => {
    const [a, b] = [await connected(['news']), await connected(['news'])];
    const news = manager.to('news');
    news.except(a);
    news.to('sport');
    expect(await news.send('hi')).toMatchObject({ delivered: 2 });
    expect(Object.keys(server.inboxes).sort()).toEqual([a, b].sort());
  });

  it('reports the outcome of each connection when asked to', async () => {
    const [ok, gone, slow, forbidden] = [await connected(), await connected(), await connected(), await connected()];
    const statuses: Record<string, number> = { [ok]: 200, [gone]: 410, [slow]: 429, [forbidden]: 403 };
    server.answerWith(({ connectionId }) => statuses[connectionId] ?? 200);
    const { outcomes, ...counts } = await passing(clock, manager.except().send('hi', { outcomes: true }));
    expect(counts).toEqual({ delivered: 1, gone: 1, throttled: 1, failed: 1 });
    expect({ ...outcomes }).toEqual({
      [ok]: { status: 'delivered' },
      [gone]: expect.objectContaining({ status: 'gone' }),
      [slow]: expect.objectContaining({ status: 'throttled' }),
      [forbidden]: expect.objectContaining({ status: 'forbidden' }),
    });
    expect((await manager.getAllConnections()).sort()).toEqual([ok, slow, forbidden].sort());
  });
});

describe('a payload', () => {
  it('over 128 KB of UTF-8 is refused before anything is sent', async () => {
    await connected(['news']);
    // Two bytes of UTF-8 each, and two quotes: half as many characters as the limit has bytes.
    const largest = 'é'.repeat(65_535);
    const refused: unknown = await manager.sendToChannel('news', `${largest}é`).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(PayloadTooLargeError);
    expect(refused).toMatchObject({ code: 'WEBSOCKET_PAYLOAD_TOO_LARGE', sizeBytes: 131_074, maxBytes: 131_072 });
    expect(server.requests.all).toEqual([]);
    expect(Object.values(await manager.sendToChannel('news', largest))).toEqual([true]);
  });

  const circular: Record<string, unknown> = {};
  circular['self'] = circular;

  it.each([
    ['undefined', undefined],
    ['a function', () => 1],
    ['a BigInt', 1n],
    ['an object that contains itself', circular],
  ])('that is %s is refused before anything is sent', async (_, data) => {
    await connected();
    await expect(manager.broadcast(data)).rejects.toBeInstanceOf(InvalidPayloadError);
    expect(server.requests.all).toEqual([]);
  });

  it('of bytes is sent as it is', async () => {
    const connectionId = await connected();
    await manager.sendToConnection(connectionId, Buffer.from('{"raw":true}'));
    expect(server.inboxes).toEqual({ [connectionId]: [{ raw: true }] });
  });
});
