import type { CompressionOptions } from './compression.options.js';
import { OptionsReader } from './options.reader.js';

/** The options of compression with every default in place. */
export type ResolvedCompressionOptions = Required<CompressionOptions>;

const DEFAULTS = Object.freeze({ thresholdBytes: 1_024, level: 6, memLevel: 5 });

/** @returns `null` when nothing is to be compressed */
export function resolveCompressionOptions(read: OptionsReader): ResolvedCompressionOptions | null {
  const value = read.take('compression');
  if (value === undefined || value === false) return null;
  const section = value === true ? new OptionsReader({}) : read.section('compression');
  if (section === null) return null;
  const resolved = {
    thresholdBytes: section.wholeNumber('thresholdBytes', 0, DEFAULTS.thresholdBytes),
    level: section.wholeNumber('level', 1, DEFAULTS.level, 9),
    memLevel: section.wholeNumber('memLevel', 1, DEFAULTS.memLevel, 9),
  };
  section.refuseUnknown();
  return Object.freeze(resolved);
}
