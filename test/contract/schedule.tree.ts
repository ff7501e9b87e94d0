/** Picks one of `options` things to do next, by its index. */
export type Choose = (options: number) => number;

/** A point that walks come to. */
class Fork {
  /** Where each choice leads, by how many there were: one that waits a random time between two attempts may be behind or ahead. */
  readonly choices = new Map<number, readonly Fork[]>();
  isExplored = false;

  branches(options: number): readonly Fork[] {
    const known = this.choices.get(options) ?? Array.from({ length: options }, () => new Fork());
    this.choices.set(options, known);
    return known;
  }
}

/**
 * All ways through a series of choices. Each walk takes one that no walk took before, at random but the same in every run: the first few
 * hundred of many thousands are spread over all of them, and a small tree is gone through completely.
 */
export class ScheduleTree {
  private readonly root = new Fork();
  private readonly random = mulberry32(1);
  /** How many walks there were. */
  walks = 0;

  /** Whether there is no way left. */
  get isExplored(): boolean {
    return this.root.isExplored;
  }

  /** Goes one way: `play` asks for each choice in turn, and comes to the same choices after the same answers. */
  async walk(play: (choose: Choose) => Promise<void>): Promise<void> {
    const path = [this.root];
    await play((options) => {
      const branches = (path.at(-1) as Fork).branches(options);
      const open = [...branches.keys()].filter((index) => branches[index]?.isExplored === false);
      const candidates = open.length > 0 ? open : [...branches.keys()];
      const index = candidates[Math.floor(this.random() * candidates.length)] as number;
      path.push(branches[index] as Fork);
      return index;
    });
    this.walks++;
    for (const fork of path.toReversed()) {
      fork.isExplored ||= [...fork.choices.values()].flat().every((branch) => branch.isExplored);
      if (!fork.isExplored) return;
    }
  }
}

/** Numbers from 0 to 1 that look random, from a seed (public domain, by Tommy Ettinger). */
function mulberry32(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let bits = Math.imul(state ^ (state >>> 15), 1 | state);
    bits = (bits + Math.imul(bits ^ (bits >>> 7), 61 | bits)) ^ bits;
    return ((bits ^ (bits >>> 14)) >>> 0) / 4_294_967_296;
  };
}
