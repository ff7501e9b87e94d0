/** Things that arrive one by one, in order, for tests that wait for the next one instead of for time to pass. */
export class Inbox<Item> {
  readonly all: Item[] = [];
  private taken = 0;
  private waiting: (() => void)[] = [];

  readonly push = (item: Item): void => {
    this.all.push(item);
    for (const wake of this.waiting.splice(0)) wake();
  };

  /** Takes the next item, once it is there. */
  async next(): Promise<Item> {
    while (this.taken >= this.all.length) await new Promise<void>((resolve) => this.waiting.push(resolve));
    return this.all[this.taken++] as Item;
  }

  /** Resolves when that many items have arrived. */
  async until(count: number): Promise<readonly Item[]> {
    while (this.all.length < count) await new Promise<void>((resolve) => this.waiting.push(resolve));
    return this.all;
  }
}

/** A door that tests open: what waits at it goes on then. */
export class Gate {
  open!: () => void;
  readonly opened = new Promise<void>((resolve) => (this.open = resolve));
}

/** An inbox that detains who brings something until the test opens it. */
export class HeldInbox<Item> extends Inbox<Item> {
  private readonly gate = new Gate();

  readonly hold = async (item: Item): Promise<void> => {
    this.push(item);
    await this.gate.opened;
  };

  open(): void {
    this.gate.open();
  }
}
