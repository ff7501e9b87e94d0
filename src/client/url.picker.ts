/** Chooses where to connect to: those that are well in turn or at random, and of the others the one whose failure is the longest ago. */
export class UrlPicker {
  readonly #urls: readonly string[];
  readonly #random: (() => number) | undefined;
  readonly #failures = new Map<string, number>();
  #count = 0;
  #turn = 0;

  constructor(urls: readonly string[], random: (() => number) | undefined) {
    this.#urls = urls;
    this.#random = random;
  }

  next(): string {
    const best = Math.min(...this.#urls.map((url) => this.#failureOf(url)));
    const candidates = this.#urls.filter((url) => this.#failureOf(url) === best);
    const turn = this.#random ? Math.floor(this.#random() * candidates.length) : this.#turn++;
    return candidates[turn % candidates.length] ?? '';
  }

  failed(url: string): void {
    this.#failures.set(url, ++this.#count);
  }

  worked(url: string): void {
    this.#failures.delete(url);
  }

  #failureOf(url: string): number {
    return this.#failures.get(url) ?? 0;
  }
}
