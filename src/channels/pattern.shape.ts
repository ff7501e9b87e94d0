import type { ChannelPattern } from './channel.pattern.js';
import type { SegmentTemplate } from './segment.template.js';

/** The lengths of what is literal in a segment; `null` for one that has no parameter. */
interface SegmentShape {
  readonly prefixChars: number;
  readonly suffixChars: number;
  readonly innerChars: number;
}

/**
 * What patterns of the same shape have in common: their kind, and where how much literal text stands. Of two that match the same name the more specific one
 * has, at the first segment from the left where they differ, no parameter, or else the longer text before it, behind it, or between two.
 */
export class PatternShape {
  /** The kind and the number of segments: only patterns that agree in both can match the same name. */
  readonly cabinet: string;
  private readonly segments: readonly (SegmentShape | null)[];

  constructor({ kind, segments }: ChannelPattern) {
    this.cabinet = `${kind} ${segments.length}`;
    this.segments = segments.map(shapeOf);
  }

  /** The literal texts of a pattern: what is equal in patterns of one shape that can match the same name. */
  static keyOfPattern({ segments }: ChannelPattern): string {
    return segments
      .map((segment) => (segment.isLiteral ? segment.prefix : `${segment.prefix}.${segment.suffix}`))
      .join('.');
  }

  /** The same of a name, where a pattern of this shape would have them. Of one that is too short it may be another's; the pattern looks again. */
  keyOf(parts: readonly string[]): string {
    const texts: string[] = [];
    for (const [index, shape] of this.segments.entries()) {
      const part = parts[index] ?? '';
      if (shape === null) texts.push(part);
      else {
        const end = part.length - shape.suffixChars;
        texts.push(part.slice(0, shape.prefixChars), part.slice(end));
      }
    }
    return texts.join('.');
  }

  /** Negative when this is the more specific one, 0 for the same shape. Both are of one cabinet. */
  compare(other: PatternShape): number {
    for (const [index, mine] of this.segments.entries()) {
      const theirs = other.segments[index] ?? null;
      const order = compareSegments(mine, theirs);
      if (order !== 0) return order;
    }
    return 0;
  }
}

function shapeOf(segment: SegmentTemplate): SegmentShape | null {
  const { prefix, suffix, innerChars, isLiteral } = segment;
  return isLiteral ? null : { prefixChars: prefix.length, suffixChars: suffix.length, innerChars };
}

function compareSegments(a: SegmentShape | null, b: SegmentShape | null): number {
  if (a === null || b === null) return Number(a !== null) - Number(b !== null);
  return b.prefixChars - a.prefixChars || b.suffixChars - a.suffixChars || b.innerChars - a.innerChars;
}
