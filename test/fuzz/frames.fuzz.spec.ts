import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { GatewayClient } from '../support/gateway-client.js';
import { countOf, endGatewayProcesses, GatewayProcess, type Levels } from '../support/gateway-process.js';
import { WireClient, type ServerClose } from '../support/wire-client.js';
import { cuts, cutsOf, damagedStream, legalStream, refusedMessage } from './frame.streams.js';

/** A socket that hangs fails the run that it belongs to, with its counterexample. */
const RUN_TIMEOUT_MS = 5_000;

let gateway: GatewayProcess;
let neighbour: GatewayClient;
let before: Levels;
beforeAll(async () => {
  gateway = await GatewayProcess.start({
    gateway: { port: 0, routeResponses: ['ping'], compression: true, maxMessageBytes: 10_000, maxInFlightMessages: 1 },
  });
  neighbour = await GatewayClient.open(`ws://127.0.0.1:${gateway.port}/ws`);
  await expectServed();
  before = await gateway.restingLevels();
});
afterAll(async () => {
  neighbour.socket.terminate();
  await endGatewayProcesses();
});

const connect = (): Promise<WireClient> =>
  WireClient.open(gateway.port, { 'Sec-WebSocket-Extensions': 'permessage-deflate' });

/** A client that does nothing wrong is served. */
async function expectServed(): Promise<void> {
  neighbour.send({ action: 'ping' });
  expect(await neighbour.nextJson()).toBe('pong');
}

/** RFC 6455 section 7.4: what may be in a close frame. */
function isLegal(code: ServerClose): boolean {
  if (typeof code !== 'number') return true;
  return (code >= 1000 && code <= 1014 && ![1004, 1005, 1006].includes(code)) || (code >= 3000 && code <= 4999);
}

const leave = {
  ends: (client: WireClient) => client.socket.end(),
  resets: (client: WireClient) => client.reset(),
  vanishes: (client: WireClient) => client.socket.destroy(),
};

describe('a stream of frames', () => {
  it('comes back message by message, however its frames and their bytes are cut', async () => {
    await fc.assert(
      fc.asyncProperty(legalStream, cuts, async ({ bytes, echoes }, places) => {
        const client = await connect();
        await client.writeCut(bytes, cutsOf(bytes, places));
        await Promise.race([client.texts.until(echoes.length), client.closed]);
        expect(client.texts.all).toEqual(echoes);
        client.socket.end();
        expect(await client.closed).toBe('none');
        expect(client.offences).toEqual([]);
      }),
      { numRuns: 400, timeout: RUN_TIMEOUT_MS },
    );
  });

  it('that is damaged is answered with nothing that a server must not send, and its socket is closed', async () => {
    await fc.assert(
      fc.asyncProperty(
        damagedStream,
        cuts,
        fc.constantFrom(...(['ends', 'ends', 'resets', 'vanishes'] as const)),
        async (bytes, places, departure) => {
          const client = await connect();
          await client.writeCut(bytes, cutsOf(bytes, places));
          await expectServed();
          leave[departure](client);
          expect(isLegal(await client.closed)).toBe(true);
          expect(client.offences).toEqual([]);
        },
      ),
      { numRuns: 1_200, timeout: RUN_TIMEOUT_MS },
    );
  });

  it('is cut short at a message that is wrong, with the code that says how', async () => {
    await fc.assert(
      fc.asyncProperty(legalStream, refusedMessage, cuts, async ({ bytes, echoes }, refused, places) => {
        const client = await connect();
        const all = Buffer.concat([bytes, refused.bytes]);
        await client.writeCut(all, cutsOf(all, places));
        expect(await client.closed).toBe(refused.code);
        expect(client.texts.all).toEqual(echoes.slice(0, client.texts.all.length));
        expect(client.offences).toEqual([]);
        await expectServed();
      }),
      { numRuns: 250, timeout: RUN_TIMEOUT_MS },
    );
  });

  it('leaves nothing behind once its client is gone', async () => {
    const after = await gateway.levelsLike(before);
    expect(countOf(after)).toEqual(countOf(before));
    expect(after.memory.heapUsed - before.memory.heapUsed).toBeLessThan(6_000_000);
    expect(after.memory.external - before.memory.external).toBeLessThan(2_000_000);
    expect(after.memory.rss - before.memory.rss).toBeLessThan(100_000_000);
    expect(gateway.logged).toBe('');
  });
});
