import type { Tools } from './tools.js';

const TICK_MS = 20_000;
/** Browsers let the timers of hidden pages wait for a minute. */
const LATE_MS = 70_000;

/** What is used of a window and its document. */
interface Hints {
  addEventListener?(name: string, listener: () => void): void;
  removeEventListener?(name: string, listener: () => void): void;
}

/** Calls back when the device may have slept or changed its network; returns what ends that. */
export function watchWaking(tools: Tools, woke: () => void): () => void {
  const page = globalThis as Hints & { document?: Hints & { visibilityState?: string } };
  const { document } = page;
  const shown = (): void => {
    if (document?.visibilityState === 'visible') woke();
  };
  page.addEventListener?.('online', woke);
  document?.addEventListener?.('visibilitychange', shown);
  let cancel = (): void => undefined;
  const tick = (): void => {
    const dueAt = tools.now() + TICK_MS;
    cancel = tools.after(TICK_MS, () => {
      if (tools.now() - dueAt > LATE_MS) woke();
      tick();
    });
  };
  tick();
  return () => {
    cancel();
    page.removeEventListener?.('online', woke);
    document?.removeEventListener?.('visibilitychange', shown);
  };
}
