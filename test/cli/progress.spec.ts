import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { PassThrough } from 'node:stream';
import { Output } from '../../src/cli/output.js';
import { Progress } from '../../src/cli/progress.js';

/** What is written on stderr, on a terminal or not. */
function progressOn(isTTY: boolean): { progress: Progress; said: () => string } {
  const stderr = Object.assign(new PassThrough().setEncoding('utf8'), { isTTY });
  const output = new Output(new PassThrough() as never, stderr as never, false);
  return { progress: new Progress(output), said: () => String(stderr.read() ?? '') };
}

describe('the progress of long work', () => {
  beforeEach(() => void jest.useFakeTimers({ now: 0 }));
  afterEach(() => void jest.useRealTimers());

  it('is one line that changes on a terminal, and is taken away at the end', () => {
    const { progress, said } = progressOn(true);
    progress.tell('Sent to 1');
    jest.setSystemTime(1_000);
    progress.tell('Sent to 2');
    jest.setSystemTime(1_100);
    progress.tell('Sent to 3');
    progress.end();
    expect(said()).toBe('\r\u001b[KSent to 2 (1 s)\r\u001b[K');
  });

  it('is a line now and then where nobody watches, and nothing for work that is done at once', () => {
    const { progress, said } = progressOn(false);
    for (const now of [0, 1_000, 5_000, 6_000, 10_500]) {
      jest.setSystemTime(now);
      progress.tell(`Sent to ${now}`);
    }
    progress.end();
    expect(said()).toBe('Sent to 5000 (5 s)\nSent to 10500 (11 s)\n');
  });
});
