import { InvalidOptionsError } from '../errors/invalid-options.error.js';
import { NameLimits } from '../protocol/limits.js';
import { SegmentTemplate } from './segment.template.js';

/** Who may be in a channel where its rule says nothing: everybody in a public one, nobody in others. */
export type ChannelKind = 'public' | 'private' | 'presence';

export function kindOf(name: string): ChannelKind {
  if (name.startsWith('private-')) return 'private';
  return name.startsWith('presence-') ? 'presence' : 'public';
}

/**
 * A channel's name, or one with parameters such as `orders.{orderId}`, each of which stands for one or more characters other than `.`; where a name can be
 * read in several ways, those further left get as few as possible. A pattern matches names of its own kind only: `{name}` is for public channels.
 */
export class ChannelPattern {
  readonly kind: ChannelKind;

  private constructor(
    readonly text: string,
    readonly segments: readonly SegmentTemplate[],
  ) {
    this.kind = kindOf(segments[0]?.prefix ?? '');
  }

  /**
   * @param path what messages call the place where the pattern stands
   * @throws InvalidOptionsError when the text is no pattern
   */
  static parse(text: unknown, path: string): ChannelPattern {
    const invalid = (what: string) =>
      new InvalidOptionsError(
        path,
        `${what} in the pattern of "${path}"; write patterns like "news" or "orders.{orderId}".`,
      );
    if (typeof text !== 'string' || text === '' || !text.isWellFormed()) throw invalid('Expected a text');
    const segments = text.split('.').map((segment) => SegmentTemplate.parse(segment));
    const templates = segments.map((segment) => {
      if (typeof segment === 'string') throw invalid(segment);
      return segment;
    });
    const parameters = templates.flatMap(({ names }) => names);
    if (new Set(parameters).size < parameters.length) throw invalid('Expected no two parameters of the same name');
    const shortest = templates.reduce((sum, { minChars }) => sum + minChars, templates.length - 1);
    if (shortest > NameLimits.channelChars)
      throw invalid(`Expected at most the ${NameLimits.channelChars} characters of a channel's name`);
    return new ChannelPattern(text, templates);
  }

  /** The parameters in a name that was split at its dots into as many parts as the pattern has; `null` where it does not match. */
  read(parts: readonly string[]): Readonly<Record<string, string>> | null {
    const params = Object.create(null) as Record<string, string>;
    for (const [index, segment] of this.segments.entries()) {
      if (!segment.read(parts[index] ?? '', params)) return null;
    }
    return Object.freeze(params);
  }
}
