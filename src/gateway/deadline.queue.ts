import { MAX_DELAY_MS, monotonicNow, type CancelTask, type Clock } from '../contracts/clock.js';

/** What a {@link DeadlineQueue} keeps on its items, so that an item costs it one slot of an array and nothing else. */
export interface Dated {
  /** When it is its turn, by the monotonic clock (ms). Only the queue writes it. */
  dueAtMs: number;
  /** Where it stands in the queue, -1 outside. Only the queue writes it. */
  queueIndex: number;
}

/** So many at a time; the event loop serves sockets in between. */
const AT_ONCE = 1_000;

/** A timer that is this late says that the process stood still: stopped, swapped out, or in one long computation. */
const LATE_MS = 1_000;

/** Time to read what arrived meanwhile. */
const CATCH_UP_MS = 1_000;

/** Items in the order of their deadlines (a binary heap) on a single timer, however many there are. */
export class DeadlineQueue<Item extends Dated> {
  private readonly heap: Item[] = [];
  private cancel: CancelTask | null = null;
  private wakeAtMs = Infinity;
  private notBeforeMs = -Infinity;

  /** @param due takes each item whose time has come; the item is no longer in the queue then */
  constructor(
    private readonly clock: Clock,
    private readonly due: (item: Item, nowMs: number) => void,
  ) {}

  get size(): number {
    return this.heap.length;
  }

  /** Puts an item in, or moves it to its new place. */
  schedule(item: Item, dueAtMs: number): void {
    item.dueAtMs = dueAtMs;
    if (item.queueIndex < 0) item.queueIndex = this.heap.push(item) - 1;
    this.siftDown(item, this.siftUp(item));
    this.wake();
  }

  remove(item: Item): void {
    const { queueIndex } = item;
    if (queueIndex < 0) return;
    item.queueIndex = -1;
    const last = this.heap.pop() as Item;
    if (last !== item) {
      this.place(last, queueIndex);
      this.siftDown(last, this.siftUp(last));
    }
    if (this.heap.length === 0) this.sleep();
  }

  private wake(): void {
    const first = this.heap[0];
    // A timer that is too early finds nothing to do and sets the next one: cheaper than one for each change of the head.
    if (first !== undefined && first.dueAtMs < this.wakeAtMs) this.wakeAt(first.dueAtMs);
  }

  private wakeAt(atMs: number): void {
    const nowMs = monotonicNow(this.clock);
    const delayMs = Math.min(Math.max(atMs, this.notBeforeMs, nowMs) - nowMs, MAX_DELAY_MS);
    if (nowMs + delayMs >= this.wakeAtMs) return;
    this.cancel?.();
    this.wakeAtMs = nowMs + delayMs;
    this.cancel = this.clock.after(delayMs, () => this.run());
  }

  private sleep(): void {
    this.cancel?.();
    this.cancel = null;
    this.wakeAtMs = Infinity;
  }

  private run(): void {
    const nowMs = monotonicNow(this.clock);
    const lateMs = nowMs - this.wakeAtMs;
    this.sleep();
    if (lateMs > LATE_MS) {
      // Nobody is judged by what could not be heard: what waits in the sockets is read first.
      this.notBeforeMs = nowMs + CATCH_UP_MS;
      this.wake();
      return;
    }
    for (let taken = 0; taken < AT_ONCE; taken++) {
      const first = this.heap[0];
      if (first === undefined || first.dueAtMs > nowMs) break;
      this.remove(first);
      this.due(first, nowMs);
    }
    this.wake();
  }

  /** Moves an item up to where it belongs; returns its place. */
  private siftUp(item: Item): number {
    let index = item.queueIndex;
    while (index > 0) {
      const parentIndex = (index - 1) >> 1;
      const parent = this.heap[parentIndex] as Item;
      if (parent.dueAtMs <= item.dueAtMs) break;
      this.place(parent, index);
      index = parentIndex;
    }
    this.place(item, index);
    return index;
  }

  private siftDown(item: Item, from: number): void {
    const { heap } = this;
    let index = from;
    for (;;) {
      let childIndex = 2 * index + 1;
      if (childIndex >= heap.length) break;
      const right = heap[childIndex + 1];
      if (right !== undefined && right.dueAtMs < (heap[childIndex] as Item).dueAtMs) childIndex++;
      const child = heap[childIndex] as Item;
      if (child.dueAtMs >= item.dueAtMs) break;
      this.place(child, index);
      index = childIndex;
    }
    this.place(item, index);
  }

  private place(item: Item, index: number): void {
    this.heap[index] = item;
    item.queueIndex = index;
  }
}
