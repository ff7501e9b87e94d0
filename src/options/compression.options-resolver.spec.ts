import { describe, expect, it } from '@jest/globals';
import { InvalidOptionsError } from '../errors/invalid-options.error.js';
import { resolveCompressionOptions } from './compression.options-resolver.js';
import { OptionsReader } from './options.reader.js';

const resolve = (options: Record<string, unknown>): unknown =>
  resolveCompressionOptions(new OptionsReader(options, 'gateway'));

describe('the options of compression', () => {
  it.each([{}, { compression: undefined }, { compression: false }])('are none for %j', (options) => {
    expect(resolve(options)).toBeNull();
  });

  it.each([{ compression: true }, { compression: {} }])('are the defaults for %j', (options) => {
    expect(resolve(options)).toEqual({ thresholdBytes: 1_024, level: 6, memLevel: 5 });
  });

  it('are those that were given', () => {
    const compression = { thresholdBytes: 0, level: 1, memLevel: 9 };
    expect(resolve({ compression })).toEqual(compression);
  });

  it.each([
    [{ thresholdBytes: -1 }, 'gateway.compression.thresholdBytes'],
    [{ level: 0 }, 'gateway.compression.level'],
    [{ level: 10 }, 'gateway.compression.level'],
    [{ memLevel: 1.5 }, 'gateway.compression.memLevel'],
    [{ treshold: 1 }, 'gateway.compression.treshold'],
    ['yes', 'gateway.compression'],
  ])('refuse %j by the name of the option', (compression, option) => {
    expect(() => resolve({ compression })).toThrow(InvalidOptionsError);
    expect(() => resolve({ compression })).toThrow(`"${option}"`);
  });
});
