/** Keeps what was used most recently, and says what it lets go. */
export class RecentMap<Key, Value> {
  private readonly values = new Map<Key, Value>();

  constructor(
    private readonly max: number,
    private readonly letGo: (value: Value) => void = () => undefined,
  ) {}

  get(key: Key): Value | undefined {
    const value = this.values.get(key);
    if (value === undefined) return undefined;
    this.values.delete(key);
    this.values.set(key, value);
    return value;
  }

  add(key: Key, value: Value): Value {
    this.values.set(key, value);
    const [oldest] = this.values;
    if (this.values.size > this.max && oldest !== undefined) {
      this.values.delete(oldest[0]);
      this.letGo(oldest[1]);
    }
    return value;
  }

  /** Everything that is kept, which is not kept any more. */
  clear(): Value[] {
    const values = [...this.values.values()];
    this.values.clear();
    return values;
  }
}
