/**
 * Handshakes with bad input of every kind, against a gateway in a process of its own. A few thousand of them in the suite; all 100,000 with
 *
 *     npm run build && HOSTILE=full npm run test:only -- test/hostile/handshakes.spec.ts
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { GatewayClient } from '../support/gateway-client.js';
import { attack } from './attacker.js';
import { quickHandshakes, slowHandshakes, type HostileHandshake } from './handshake.kinds.js';
import { attackers, countOf, endGatewayProcesses, report, GatewayProcess } from '../support/gateway-process.js';

const HANDSHAKE_TIMEOUT_MS = 500;
const AT_ONCE = 100;
const ATTACKERS = attackers(2_000, 100_000);
const MINUTE_MS = 60_000;

let gateway: GatewayProcess;
let neighbour: GatewayClient;
beforeAll(async () => {
  gateway = await GatewayProcess.start({
    gateway: { port: 0, routeResponses: ['ping'], handshakeTimeoutMs: HANDSHAKE_TIMEOUT_MS },
  });
  neighbour = await GatewayClient.open(`ws://127.0.0.1:${gateway.port}/ws`);
});
afterAll(async () => {
  neighbour.socket.terminate();
  await endGatewayProcesses();
});

/** A client that does nothing wrong is served. */
async function expectServed(): Promise<void> {
  neighbour.send({ action: 'ping' });
  expect(await neighbour.nextJson()).toBe('pong');
}

describe('a hostile handshake', () => {
  it.each(quickHandshakes)('is answered $answer: $name', async (kind) => {
    const { status, text } = await attack(gateway.port, kind);
    expect(status).toBe(kind.answer);
    expect(text.match(/HTTP\/1\.1 /g)?.length ?? 0).toBe(kind.answer === 0 ? 0 : 1);
    expect(text).not.toMatch(/x-injected/i);
    await expectServed();
  });

  it('is answered 408 when it takes too long, wherever it stops', async () => {
    const answers = await Promise.all(slowHandshakes.map((kind) => attack(gateway.port, kind)));
    // What a client still writes to the closed socket can take the answer away.
    const expected = slowHandshakes.map(({ answer, then }): unknown =>
      then === 'trickles' ? expect.any(Number) : answer,
    );
    expect(answers.map(({ status }) => status)).toEqual(expected);
    await expectServed();
  });
});

describe(`${ATTACKERS} hostile handshakes`, () => {
  it(
    'leave the gateway serving, and nothing behind',
    async () => {
      await flood(ATTACKERS / 5);
      const before = await gateway.restingLevels();
      let isOver = false;
      const serving = serveUntil(() => isOver);
      const wrong = await flood(ATTACKERS);
      isOver = true;
      const { served, slowestMs } = await serving;
      const after = await gateway.levelsLike(before);
      report('handshakes', ATTACKERS, { before, after, served, slowestMs });
      expect(wrong).toEqual([]);
      expect(countOf(after)).toEqual(countOf(before));
      expect(after.memory.heapUsed - before.memory.heapUsed).toBeLessThan(3_000_000);
      expect(after.memory.rss - before.memory.rss).toBeLessThan(60_000_000);
      expect(served).toBeGreaterThan(10);
      expect(slowestMs).toBeLessThan(2_000);
      expect(gateway.logged).toBe('');
    },
    10 * MINUTE_MS,
  );
});

/** Attacks in every way in turn, many at once; one in a hundred is slow. Resolves to the answers that were wrong. */
async function flood(count: number): Promise<string[]> {
  const wrong: string[] = [];
  let left = count;
  const attackInTurn = async (): Promise<void> => {
    while (left > 0) {
      const kind = kindOf(left--);
      const { status } = await attack(gateway.port, kind);
      // Among so many others, even one that means to be quick may come too late.
      const isLate = status === 408 || (status === 0 && kind.then === 'trickles');
      if (status !== kind.answer && !isLate) wrong.push(`${kind.name}: ${status}`);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, attackInTurn));
  return wrong;
}

function kindOf(turn: number): HostileHandshake {
  const isSlow = turn % 100 === 0;
  const kinds = isSlow ? slowHandshakes : quickHandshakes;
  return kinds[(isSlow ? turn / 100 : turn) % kinds.length]!;
}

async function serveUntil(isOver: () => boolean): Promise<{ served: number; slowestMs: number }> {
  let served = 0;
  let slowestMs = 0;
  for (; !isOver(); served++) {
    const startedMs = performance.now();
    await expectServed();
    slowestMs = Math.max(slowestMs, performance.now() - startedMs);
  }
  return { served, slowestMs };
}
