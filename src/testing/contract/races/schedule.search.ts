/** Picks one of the steps that could be taken next, by its index; `actors` says whose they are. */
export type Choose = (actors: readonly number[]) => number;

/** The choices that a walk begins with. After them it goes on with whoever went last, as long as that is possible. */
type Beginning = readonly number[];

/**
 * All ways through a series of choices. First those in which one actor after another runs to its end, then those in which one is interrupted
 * once, then twice and so on: it takes few interruptions to bring a race to light, and few of many ways to find them. Where there is no time for
 * all, the choice is random, and the same in every run.
 */
export class ScheduleSearch {
  /** What to begin with next, by the number of interruptions. */
  private readonly open: Beginning[][] = [[[]]];
  private readonly random = mulberry32(1);
  /** How many walks there were. */
  walks = 0;

  /** Whether there is no way left. */
  get isComplete(): boolean {
    return this.open.every((beginnings) => beginnings.length === 0);
  }

  /** Goes one way that none went before; `play` asks for each choice in turn, and comes to the same choices after the same answers. */
  async walk(play: (choose: Choose) => Promise<void>): Promise<void> {
    const [beginning, interruptions] = this.next();
    const taken: number[] = [];
    let lastActor: number | undefined;
    await play((actors) => {
      const onward = Math.max(0, lastActor === undefined ? 0 : actors.indexOf(lastActor));
      const known = beginning[taken.length];
      // A store that waits for a random time between two attempts may have come to fewer steps than the last time.
      const choice = known === undefined ? onward : Math.min(known, actors.length - 1);
      if (known === undefined) {
        for (const other of actors.keys()) if (other !== onward) this.add([...taken, other], interruptions + 1);
      }
      taken.push(choice);
      lastActor = actors[choice];
      return choice;
    });
    this.walks++;
  }

  private add(beginning: Beginning, interruptions: number): void {
    (this.open[interruptions] ??= []).push(beginning);
  }

  /** Two of three times with the fewest interruptions there can be, then with the most. */
  private next(): readonly [Beginning, interruptions: number] {
    const levels = [...this.open.keys()].filter((level) => (this.open[level] as Beginning[]).length > 0);
    const level = (this.walks % 3 === 2 ? levels.at(-1) : levels[0]) ?? 0;
    const beginnings = this.open[level] ?? [];
    const index = Math.floor(this.random() * beginnings.length);
    return [beginnings.splice(index, 1)[0] ?? [], level];
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
