import { describe, expect, it } from '@jest/globals';
import { ManualClock } from '../../test/support/manual.clock.js';
import { SessionWatch, type Watched, type WatchPolicy } from './session.watch.js';

const POLICY: WatchPolicy = {
  pingIntervalMs: 30_000,
  pongTimeoutMs: 10_000,
  maxBufferedBytes: 1_000,
  slowConsumerMs: 20_000,
  idleTimeoutMs: null,
  maxConnectionMs: null,
};

/** A connection whose client does what the test says. */
class FakeSession implements Watched {
  readonly openedAtMs: number;
  readonly happened: { readonly what: string; readonly atMs: number }[] = [];
  lastActiveAtMs: number;
  bufferedBytes = 0;
  bytesRead: number | null = 0;
  isReading = true;
  closingSinceMs: number | null = null;
  slowSinceMs: number | null = null;
  pingAtMs = 0;
  bytesReadAtPing = -1;
  dueAtMs = 0;
  queueIndex = -1;

  constructor(
    private readonly clock: ManualClock,
    readonly watch: SessionWatch,
    /** Whether its client answers pings. */
    private readonly answers = true,
    /** Whether a close frame can be sent. */
    private readonly canClose = true,
  ) {
    this.openedAtMs = this.lastActiveAtMs = clock.monotonicNow();
    watch.add(this);
  }

  get names(): string[] {
    return this.happened.map(({ what }) => what);
  }

  ping(): void {
    this.note('ping');
    if (this.answers) this.bytesRead = (this.bytesRead ?? 0) + 6;
  }

  close(code: number): void {
    if (!this.canClose) return;
    this.note(`close ${code}`);
    this.closingSinceMs = this.clock.monotonicNow();
    this.watch.closing(this);
  }

  terminate(): void {
    this.note('terminate');
  }

  private note(what: string): void {
    this.happened.push({ what, atMs: this.clock.monotonicNow() - this.openedAtMs });
  }
}

function watchOn(policy: Partial<WatchPolicy> = {}) {
  const clock = new ManualClock();
  const watch = new SessionWatch(clock, { ...POLICY, ...policy });
  return { clock, watch };
}

describe('pings', () => {
  it('go to every client once in an interval, and are spread over it', async () => {
    const { clock, watch } = watchOn();
    const sessions = Array.from({ length: 300 }, () => new FakeSession(clock, watch));
    await clock.advance(30_000);
    expect(new Set(sessions.flatMap(({ names }) => names))).toEqual(new Set(['ping']));
    expect(sessions.every(({ happened }) => happened.length === 1)).toBe(true);
    const perSecond = new Map<number, number>();
    for (const { happened } of sessions) {
      const second = Math.floor((happened[0]!.atMs - 1) / 1_000);
      perSecond.set(second, (perSecond.get(second) ?? 0) + 1);
    }
    expect(perSecond.size).toBe(30);
    expect(Math.max(...perSecond.values())).toBeLessThanOrEqual(12);
    await clock.advance(60_000);
    expect(sessions.every(({ happened }) => happened.length === 3)).toBe(true);
  });

  it('need one timer for all', () => {
    const { clock, watch } = watchOn();
    const sessions = Array.from({ length: 100 }, () => new FakeSession(clock, watch));
    expect(clock.pending).toBe(1);
    for (const session of sessions) watch.remove(session);
    expect(clock.pending).toBe(0);
  });

  it('end a connection that sends nothing after one, and no other', async () => {
    const { clock, watch } = watchOn();
    const dead = new FakeSession(clock, watch, false);
    const alive = new FakeSession(clock, watch);
    await clock.advance(120_000);
    expect(dead.names).toEqual(['ping', 'terminate']);
    expect(dead.happened[1]!.atMs - dead.happened[0]!.atMs).toBe(10_000);
    expect(alive.names).toEqual(['ping', 'ping', 'ping', 'ping']);
  });

  it('are not sent, nor waited for, while the gateway itself does not read', async () => {
    const { clock, watch } = watchOn();
    const session = new FakeSession(clock, watch, false);
    session.isReading = false;
    await clock.advance(120_000);
    expect(session.names).toEqual([]);
    session.isReading = true;
    await clock.advance(15_000);
    expect(session.names).toEqual(['ping']);
    session.isReading = false;
    await clock.advance(60_000);
    expect(session.names).toEqual(['ping']);
  });

  it('may take the time of a slow reader behind what it has not read yet', async () => {
    const { clock, watch } = watchOn();
    const session = new FakeSession(clock, watch, false);
    session.bufferedBytes = 900;
    await clock.advance(12_000);
    expect(session.names).toEqual(['ping']);
    await clock.advance(19_000);
    expect(session.names).toEqual(['ping']);
    await clock.advance(1_000);
    expect(session.names).toEqual(['ping', 'terminate']);
  });

  it('are left out when the interval is 0', async () => {
    const { clock, watch } = watchOn({ pingIntervalMs: 0 });
    const session = new FakeSession(clock, watch, false);
    await clock.advance(3_600_000);
    expect(session.names).toEqual([]);
  });

  it('do not end a connection whose bytes nobody counts', async () => {
    const { clock, watch } = watchOn();
    const session = new FakeSession(clock, watch, false);
    session.bytesRead = null;
    await clock.advance(300_000);
    expect(session.names).toEqual([]);
  });
});

describe('a client that reads too slowly', () => {
  it('is closed with 1013, and dropped when that does not get through', async () => {
    const { clock, watch } = watchOn();
    const session = new FakeSession(clock, watch);
    session.bufferedBytes = 1_001;
    watch.throttled(session);
    await clock.advance(5_000);
    watch.throttled(session);
    await clock.advance(14_999);
    expect(session.names).not.toContain('close 1013');
    await clock.advance(1);
    expect(session.names).toContain('close 1013');
    await clock.advance(9_999);
    expect(session.names).not.toContain('terminate');
    await clock.advance(1);
    expect(session.names.at(-1)).toBe('terminate');
    await clock.advance(120_000);
    expect(session.names.at(-1)).toBe('terminate');
    expect(clock.pending).toBe(0);
  });

  it('is closed although nobody sends to it any more, with and without pings', async () => {
    for (const pingIntervalMs of [0, 30_000]) {
      const { clock, watch } = watchOn({ pingIntervalMs });
      const session = new FakeSession(clock, watch);
      session.bufferedBytes = 1_001;
      await clock.advance(50_000);
      expect(session.names).toContain('close 1013');
    }
  });

  it('is dropped at once where no close frame can be sent any more, whatever it was to be closed for', async () => {
    const policies: Partial<WatchPolicy>[] = [{}, { idleTimeoutMs: 20_000 }, { maxConnectionMs: 20_000 }];
    for (const policy of policies) {
      const { clock, watch } = watchOn({ pingIntervalMs: 0, ...policy });
      const session = new FakeSession(clock, watch, true, false);
      session.bufferedBytes = 1_001;
      watch.throttled(session);
      await clock.advance(20_000);
      expect(session.names).toEqual(['terminate']);
    }
  });

  it('is forgiven when it has read enough', async () => {
    const { clock, watch } = watchOn();
    const session = new FakeSession(clock, watch);
    session.bufferedBytes = 1_001;
    watch.throttled(session);
    await clock.advance(19_000);
    session.bufferedBytes = 1_000;
    await clock.advance(300_000);
    expect(new Set(session.names)).toEqual(new Set(['ping']));
    session.bufferedBytes = 1_001;
    watch.throttled(session);
    await clock.advance(19_999);
    expect(session.names).not.toContain('close 1013');
    await clock.advance(1);
    expect(session.names).toContain('close 1013');
  });
});

describe('setting the clock', () => {
  it.each([
    ['back', -60_000],
    ['forward', 60_000],
  ])('%s changes neither when clients are pinged nor when connections end', async (_, byMs) => {
    const { clock, watch } = watchOn({ idleTimeoutMs: 50_000 });
    const alive = new FakeSession(clock, watch);
    const dead = new FakeSession(clock, watch, false);
    await clock.advance(5_000);
    clock.setBy(byMs);
    await clock.advance(40_000);
    expect(alive.names).toEqual(['ping', 'ping']);
    expect(dead.names).toEqual(['ping', 'terminate']);
    await clock.advance(4_999);
    expect(alive.names).not.toContain('close 1001');
    await clock.advance(1);
    expect(alive.names).toContain('close 1001');
  });
});
