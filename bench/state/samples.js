import { median } from './measure.js';

/** What each round measured, by operation and size. */
export class Samples {
  #rounds = {};

  /** Adds figures to those that the round has of the operation. Rounds before 0 warm up, and are forgotten. */
  add(operation, size, round, figures) {
    if (round < 0) return;
    const rounds = ((this.#rounds[operation] ??= {})[size] ??= []);
    rounds[round] = { ...rounds[round], ...figures };
  }

  get operations() {
    return Object.keys(this.#rounds);
  }

  has(operation, size) {
    return this.#rounds[operation]?.[size] !== undefined;
  }

  /** The median of a figure over the rounds. */
  median(operation, size, figure) {
    return median(this.#rounds[operation][size].map((figures) => figures[figure]));
  }

  /** How many times a figure at one size is that at another: the median of the ratios within each round. */
  ratio(operation, figure, size, baseSize) {
    const { [size]: rounds, [baseSize]: base } = this.#rounds[operation];
    return median(rounds.map((figures, round) => figures[figure] / base[round][figure]));
  }

  /** The same between two operations at one size. */
  ratioOf(operation, baseOperation, figure, size) {
    const base = this.#rounds[baseOperation][size];
    return median(this.#rounds[operation][size].map((figures, round) => figures[figure] / base[round][figure]));
  }
}
