import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { Log } from '../../src/logging/log.js';
import { EntryLogger } from '../../src/lambda/logs/entry.logger.js';
import type { LogEntry } from '../../src/lambda/logs/log.entry.js';

describe('an entry of the log', () => {
  const entries: LogEntry[] = [];
  const logger = new EntryLogger((entry) => {
    entries.push(entry);
  });
  beforeEach(() => Logger.overrideLogger(logger));
  afterEach(() => {
    entries.length = 0;
    Logger.overrideLogger(['fatal', 'error', 'warn', 'log']);
  });

  it.each(['warn', 'error'] as const)('has what was thrown once, at %s', (level) => {
    new Log()[level]('start.failed', 'It did not start.', { error: new Error('The secret could not be read.') });
    const [{ message, text, stack } = { message: '', text: '', stack: '' }] = entries;
    expect(message).toBe('It did not start.');
    expect(text.split('The secret could not be read.')).toHaveLength(2);
    expect(stack).toMatch(/^Error: The secret could not be read\.\n/);
  });

  it('is taken apart also where its logger writes another one first', () => {
    let isNested = false;
    Logger.overrideLogger({
      log: () => undefined,
      error: () => undefined,
      warn: (message: unknown, ...parameters: unknown[]) => {
        if (!isNested) {
          isNested = true;
          new Log().warn('store.limits', 'Meanwhile.');
        }
        logger.warn(message, ...parameters);
      },
    });
    new Log().warn('start.failed', 'It did not start.');
    expect(entries.map(({ attributes }) => attributes['code'])).toEqual(['store.limits', 'start.failed']);
  });
});
