import { InvalidOptionsError } from '../errors/invalid-options.error.js';

/** An origin as browsers write it (RFC 6454 section 6.2): a scheme, a host and a port, and nothing that a parser could read in two ways. */
const ORIGIN = /^[a-z][a-z0-9+.-]*:\/\/(?:\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::\d{1,5})?$/i;

/** The origins whose pages may connect. */
export class OriginList {
  private constructor(
    private readonly allowed: ReadonlySet<string>,
    private readonly allowMissing: boolean,
  ) {}

  /** @throws InvalidOptionsError naming the first text that is no origin */
  static parse(option: string, texts: readonly string[], allowMissing: boolean): OriginList {
    const origins = texts.map((text) => {
      const origin = normalize(text);
      if (origin !== null) return origin;
      throw new InvalidOptionsError(
        option,
        `Expected "${option}" to be origins such as "https://example.com" (a scheme, a host and a port, in ASCII), got ${JSON.stringify(text)}.`,
      );
    });
    return new OriginList(new Set(origins), allowMissing);
  }

  /** @param values those of all Origin headers of the request */
  allows(values: readonly string[]): boolean {
    if (values.length === 0) return this.allowMissing;
    const origin = normalize(values[0] ?? '');
    // No browser sends two, and whoever does wants one of them to be overlooked.
    return values.length === 1 && origin !== null && this.allowed.has(origin);
  }
}

/** In lower case and without the port that the scheme has anyway; `null` for what is no origin, such as `null`. */
function normalize(text: string): string | null {
  if (!ORIGIN.test(text) || !URL.canParse(text)) return null;
  const { protocol, host } = new URL(text);
  return host === '' ? null : `${protocol}//${host}`.toLowerCase();
}
