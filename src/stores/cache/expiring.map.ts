/** How many values each use looks at, besides the one that it asks for: more than the one it may add. */
const SWEPT_AT_ONCE = 2;

/** Values by name that are dropped once they are over. There is no timer: each use looks at the next few, in turn. */
export class ExpiringMap<Value> {
  private readonly values = new Map<string, Value>();
  private swept = this.values.entries();

  /** @param isOver whether a value means nothing any more; it may let go of a part of one that still does */
  constructor(private readonly isOver: (value: Value) => boolean) {}

  get size(): number {
    return this.values.size;
  }

  get(name: string): Value | undefined {
    this.sweep();
    const value = this.values.get(name);
    if (value === undefined || !this.isOver(value)) return value;
    this.values.delete(name);
    return undefined;
  }

  set(name: string, value: Value): void {
    this.values.set(name, value);
  }

  delete(name: string): void {
    this.values.delete(name);
  }

  private sweep(): void {
    for (let count = 0; count < SWEPT_AT_ONCE; count++) {
      const { done, value: entry } = this.swept.next();
      if (done === true) {
        this.swept = this.values.entries();
        return;
      }
      const [name, value] = entry;
      if (this.isOver(value)) this.values.delete(name);
    }
  }
}
