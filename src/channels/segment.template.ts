/** Begins with a letter, so that no parameter is called `__proto__`. */
const PARAMETER = /\{([A-Za-z]\w{0,49})\}/;

/** What stands between two dots of a pattern: literal text around parameters. */
export class SegmentTemplate {
  private constructor(
    /** One more than there are parameters; the first and the last may be empty. */
    readonly literals: readonly string[],
    readonly names: readonly string[],
  ) {}

  /** The template, or what was expected of it. */
  static parse(text: string): SegmentTemplate | string {
    // Odd ones are the names, for the expression captures them.
    const pieces = text.split(new RegExp(PARAMETER, 'g'));
    const literals = pieces.filter((_, index) => index % 2 === 0);
    const names = pieces.filter((_, index) => index % 2 === 1);
    if (literals.some((literal) => /[{}]/.test(literal)))
      return 'Expected each brace to belong to a parameter like {orderId}, of letters, digits and underscores';
    if (literals.slice(1, -1).includes('')) return 'Expected a text between two parameters';
    return new SegmentTemplate(literals, names);
  }

  get isLiteral(): boolean {
    return this.names.length === 0;
  }

  get prefix(): string {
    return this.literals[0] ?? '';
  }

  get suffix(): string {
    return this.isLiteral ? '' : (this.literals.at(-1) ?? '');
  }

  /** How many characters stand between parameters. */
  get innerChars(): number {
    return this.literals.slice(1, -1).reduce((sum, { length }) => sum + length, 0);
  }

  /** The shortest text that it matches. */
  get minChars(): number {
    return this.literals.reduce((sum, { length }) => sum + length, this.names.length);
  }

  /** Whether a text matches; if so its parameters are put into `params`. Never goes back, so the time is that of searching the text once. */
  read(text: string, params: Record<string, string>): boolean {
    const { prefix, suffix, names, literals } = this;
    if (this.isLiteral) return text === prefix;
    if (!text.startsWith(prefix) || !text.endsWith(suffix)) return false;
    const end = text.length - suffix.length;
    // Where texts would overlap, the last parameter is left with nothing.
    let start = prefix.length;
    for (const [index, name] of names.entries()) {
      const isLast = index === names.length - 1;
      const next = literals[index + 1] ?? '';
      const stop = isLast ? end : text.indexOf(next, start + 1);
      if (stop <= start) return false;
      params[name] = text.slice(start, stop);
      start = stop + next.length;
    }
    return true;
  }
}
