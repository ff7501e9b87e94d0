import { expect } from '@jest/globals';
import type { ConnectionStore } from '../../src/index.js';
import { present } from '../channels/ledgers.harness.js';
import { collect } from '../contract/store.harness.js';
import { WorkerProcess } from './worker.process.js';

const PROCESSES = 4;
/** A machine that has much else to do is no outage. */
const STORE_TIMEOUT_MS = 60_000;

/** A store that processes share. */
export interface ChannelTarget {
  readonly kind: 'redis' | 'dynamodb';
  readonly url: string;
  readonly store: ConnectionStore;
  readonly rounds: number;
}

const MEMBERS = ['*', 'a:b', 'a b', '__proto__', ...Array.from({ length: 36 }, (_, number) => `user${number}`)];
const CHANNELS = ['presence-lobby', 'presence-{x}', 'presence-a:b'];
const LANES = 6;

/** `[channel, connection id, member]` */
type Entered = readonly [channel: string, connectionId: string, memberId: string];

function startWorkers({ kind, url }: ChannelTarget, round: number): Promise<WorkerProcess[]> {
  const names = Array.from({ length: PROCESSES }, (_, index) => `w${round}-${index}`);
  const settings = { kind, url, timeoutMs: STORE_TIMEOUT_MS, members: MEMBERS, channels: CHANNELS, lanes: LANES };
  return Promise.all(names.map((name) => WorkerProcess.start('channel.worker.ts', { ...settings, name })));
}

/** 50 clients of four processes join a channel at once that has room for ten, round after round, and ten are in it. */
export async function expectExactlyTen(target: ChannelTarget): Promise<void> {
  const workers = await startWorkers(target, 0);
  const ledger = present(target.store.presence());
  for (let round = 0; round < target.rounds; round++) {
    const channel = `presence-room-${round}`;
    const answers = await Promise.all(
      workers.map((worker, index) => worker.ask({ rush: channel, clients: index < 2 ? 13 : 12, maxMembers: 10 })),
    );
    const results = (answers as string[][]).flat();
    expect(results).toHaveLength(50);
    expect(results.filter((result) => result === 'joined appeared')).toHaveLength(10);
    expect(results.filter((result) => result === 'full not-in-channel')).toHaveLength(40);
    expect(new Set(await collect(target.store.members(channel))).size).toBe(10);
    expect(await ledger.count(channel)).toBe(10);
  }
  await Promise.all(workers.map((worker) => worker.kill()));
}

/** Members come and go from four processes, of which two are killed; afterwards the ledger says what is true. */
export async function expectTruePresence(target: ChannelTarget): Promise<void> {
  const { store } = target;
  const ledger = present(store.presence());
  for (let round = 0; round < target.rounds; round++) {
    const workers = await startWorkers(target, round);
    for (const worker of workers) worker.begin();
    const doomed = workers.slice(0, 2);
    await Promise.all(
      doomed.map(async (worker) => {
        await worker.said(20 + Math.floor(Math.random() * 100));
        await worker.kill();
      }),
    );
    const survivors = workers.slice(2);
    await Promise.all(survivors.map((worker) => worker.said(100)));
    const truth = ((await Promise.all(survivors.map((worker) => worker.ask('stop')))) as Entered[][]).flat();
    await Promise.all(survivors.map((worker) => worker.kill()));

    // Somebody finds out that the connections of the dead have ended, but not yet, or never, which channels they were present in.
    const alive = new Set(truth.map(([, connectionId]) => connectionId));
    const dead = (await collect(store.connections())).filter((id) => !alive.has(id));
    expect(dead.length).toBeGreaterThan(0);
    const ended = await Promise.all(dead.map((id) => store.remove(id)));
    await expectPresent(store, truth);

    // An exit by a process that learns of the end changes nothing for those who are there, whoever it was by whom it was present.
    for (const connection of ended)
      for (const channel of connection?.channels ?? [])
        for (const memberId of MEMBERS) await ledger.exit(channel, connection?.connectionId ?? '', memberId);
    await expectPresent(store, truth);

    for (const [, connectionId] of truth) await store.remove(connectionId);
    await expectPresent(store, []);
    for (const [channel, connectionId, memberId] of truth) await ledger.exit(channel, connectionId, memberId);
    await expectPresent(store, []);
  }
}

async function expectPresent(store: ConnectionStore, truth: readonly Entered[]): Promise<void> {
  const ledger = present(store.presence());
  for (const channel of CHANNELS) {
    const members = new Set(truth.filter(([name]) => name === channel).map(([, , memberId]) => memberId));
    const found = (await collect(ledger.members(channel))).map(({ memberId }) => memberId);
    expect([channel, found.toSorted()]).toEqual([channel, [...members].toSorted()]);
    expect([channel, await ledger.count(channel)]).toEqual([channel, members.size]);
  }
}
