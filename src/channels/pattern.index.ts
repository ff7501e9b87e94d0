import { kindOf, type ChannelPattern } from './channel.pattern.js';
import { PatternShape } from './pattern.shape.js';

/** What was filed under a pattern, and what stands in a name in the place of its parameters. */
export interface PatternMatch<Value> {
  readonly pattern: ChannelPattern;
  readonly value: Value;
  readonly params: Readonly<Record<string, string>>;
}

type Entry<Value> = Omit<PatternMatch<Value>, 'params'>;

interface Drawer<Value> {
  readonly shape: PatternShape;
  readonly entries: Map<string, Entry<Value>[]>;
}

/**
 * Finds the patterns that match a name, the most specific first. Patterns of the same shape, such as `orders.{id}` and `users.{id}`, are in one map under
 * their literals, so a look-up costs by the shapes and not by the patterns.
 */
export class PatternIndex<Value> {
  /** By kind and number of segments; the most specific shape first. */
  private readonly drawers = new Map<string, Drawer<Value>[]>();

  add(pattern: ChannelPattern, value: Value): void {
    const { entries } = this.drawerOf(new PatternShape(pattern));
    const key = PatternShape.keyOfPattern(pattern);
    const known = entries.get(key);
    if (known === undefined) entries.set(key, [{ pattern, value }]);
    else known.push({ pattern, value });
  }

  /** What is filed under a pattern that cannot be told apart from this one: as specific, and some names match both. */
  rivalOf(pattern: ChannelPattern): Value | undefined {
    return this.drawerOf(new PatternShape(pattern)).entries.get(PatternShape.keyOfPattern(pattern))?.[0]?.value;
  }

  find(name: string): PatternMatch<Value> | null {
    for (const match of this.matches(name)) return match;
    return null;
  }

  *matches(name: string): Generator<PatternMatch<Value>> {
    const parts = name.split('.');
    for (const { shape, entries } of this.drawers.get(`${kindOf(name)} ${parts.length}`) ?? []) {
      for (const { pattern, value } of entries.get(shape.keyOf(parts)) ?? []) {
        const params = pattern.read(parts);
        if (params !== null) yield { pattern, value, params };
      }
    }
  }

  private drawerOf(shape: PatternShape): Drawer<Value> {
    const cabinet = this.drawers.get(shape.cabinet) ?? [];
    this.drawers.set(shape.cabinet, cabinet);
    const known = cabinet.find((drawer) => drawer.shape.compare(shape) === 0);
    if (known !== undefined) return known;
    const drawer = { shape, entries: new Map<string, Entry<Value>[]>() };
    cabinet.push(drawer);
    cabinet.sort((a, b) => a.shape.compare(b.shape));
    return drawer;
  }
}
