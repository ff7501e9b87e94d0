/** First come, first served, in constant time. */
export class WaitingLine<Item> {
  private items: Item[] = [];
  private first = 0;

  get length(): number {
    return this.items.length - this.first;
  }

  push(item: Item): void {
    this.items.push(item);
  }

  shift(): Item | undefined {
    const item = this.items[this.first];
    if (item === undefined) return undefined;
    this.first++;
    // What has been served is let go when it is the larger part, which keeps the cost of that constant as well.
    if (this.first * 2 >= this.items.length) {
      this.items = this.items.slice(this.first);
      this.first = 0;
    }
    return item;
  }

  /** Takes out those that the test picks, and returns them. */
  takeOut(test: (item: Item) => boolean): Item[] {
    const out: Item[] = [];
    const kept: Item[] = [];
    for (let index = this.first; index < this.items.length; index++) {
      const item = this.items[index] as Item;
      (test(item) ? out : kept).push(item);
    }
    this.items = kept;
    this.first = 0;
    return out;
  }
}
