import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { EventEmitter2 } from '@nestjs/event-emitter';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Log } from '../../src/logging/log.js';
import { startApplication, stopApplications } from '../support/application.js';
import { connect, message, newConnectionId } from '../support/events.js';
import { LogCapture } from '../support/log.capture.js';
import { ManualClock } from '../support/manual.clock.js';

let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'error-log-'));
  path = join(folder, 'errors.log');
});

afterEach(async () => {
  await stopApplications();
  rmSync(folder, { recursive: true, force: true });
});

/** An application with the file, whose route `fails` fails. */
async function start(errorFile = path) {
  const clock = new ManualClock();
  const { app, manager, get } = await startApplication({ options: { clock, logging: { errorFile, debug: true } } });
  const log = new LogCapture();
  app.useLogger(log);
  get(EventEmitter2).on('websocket.fails', () => Promise.reject(new Error('a listener\nfailed')));
  const connectionId = newConnectionId();
  await manager.handle(connect({ connectionId }));
  return {
    app,
    clock,
    log,
    connectionId,
    /** Has a message fail; resolves when that has been written. */
    fail: async (body: unknown = {}) => {
      expect(await manager.handle(message(connectionId, body, 'fails'))).toMatchObject({ statusCode: 500 });
      await get(Log).flushed();
    },
  };
}

function entries(file = path): Record<string, unknown>[] {
  const text = readFileSync(file, 'utf8');
  expect(text.endsWith('\n')).toBe(true);
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

describe('the file for errors', () => {
  it('gets one line of JSON for each error and warning, and nothing else', async () => {
    const { fail, connectionId } = await start();
    expect(existsSync(path)).toBe(false);
    await fail({ secret: 's3cret-payload' });
    expect(entries()).toEqual([
      {
        time: '2026-01-01T00:00:00.000Z',
        level: 'error',
        code: 'event.failed',
        connectionId,
        message: 'An event could not be handled.',
        detail: expect.stringMatching(/^Error: a listener\n {4}failed\n {4}at /),
      },
    ]);
    expect(readFileSync(path, 'utf8')).not.toContain('s3cret');
    expect(statSync(path).mode & 0o007).toBe(0);
  });

  it('gets its last lines before the application has closed, unless the disk hangs for two seconds', async () => {
    // Whoever opens a pipe waits until somebody is at its other end.
    execFileSync('mkfifo', [path]);
    const { app, clock } = await start();
    const log = app.get(Log);
    log.error('event.failed', 'the last words');
    const timers = clock.pending;
    const closing = app.close();
    while (clock.pending === timers) await setImmediate();
    await clock.advance(2_000);
    await closing;
    const pipe = await open(path, 'r+');
    await log.flushed();
    const { buffer, bytesRead } = await pipe.read(Buffer.alloc(1_000));
    await pipe.close();
    expect(JSON.parse(buffer.toString('utf8', 0, bytesRead))).toMatchObject({ message: 'the last words' });
  });

  it('is made anew after it was moved away, and after it was removed', async () => {
    const { fail } = await start();
    await fail();
    await fail();
    renameSync(path, `${path}.1`);
    await fail();
    expect([entries(`${path}.1`).length, entries().length]).toEqual([2, 1]);
    rmSync(path);
    await fail();
    expect(entries()).toHaveLength(1);
  });

  it('that cannot be written is told of once, and breaks nothing; what was lost is counted when it can', async () => {
    const away = join(folder, 'not', 'there');
    const { fail, log } = await start(join(away, 'errors.log'));
    await fail();
    await fail();
    const told = log.parsed().filter(({ code }) => code === 'log.file-failed');
    expect(told).toEqual([expect.objectContaining({ level: 'warn', message: expect.stringContaining('ENOENT') })]);
    expect(log.everything).not.toContain(away);
    mkdirSync(away, { recursive: true });
    await fail();
    expect(entries(join(away, 'errors.log')).map(({ code, message }) => [code, message])).toEqual([
      ['log.lines-lost', 'Lines that could not be written here: 2.'],
      ['event.failed', 'An event could not be handled.'],
    ]);
  });

  it('on a full disk is told of once, and breaks nothing', async () => {
    const { fail, log } = await start('/dev/full');
    for (let failure = 0; failure < 5; failure++) await fail();
    expect(log.parsed().filter(({ message }) => message.includes('(ENOSPC)'))).toHaveLength(1);
    expect(log.codes().filter((code) => code === 'event.failed')).toHaveLength(5);
  });

  it('that ends in the middle of a line goes on with a line of its own', async () => {
    writeFileSync(path, '{"time":"2025-12-31T23:59:59.000Z","lev');
    const { fail } = await start();
    await fail();
    await fail();
    const lines = readFileSync(path, 'utf8').split('\n');
    expect(lines).toHaveLength(4);
    expect(lines.slice(1, 3).map((line) => (JSON.parse(line) as { code: string }).code)).toEqual([
      'event.failed',
      'event.failed',
    ]);
  });

  it('takes no more lines into memory than it can write', async () => {
    const { app } = await start();
    const log = app.get(Log);
    const lines = 1_000;
    // All in one turn, so that none can be written meanwhile.
    for (let line = 0; line < lines; line++) log.warn('event.refused', 'x'.repeat(2_000));
    await log.flushed();
    log.warn('event.refused', 'the next');
    await log.flushed();
    const written = entries();
    const lost = Number(/: (\d+)\./.exec(String(written.at(-2)?.['message']))?.[1]);
    expect(written.at(-2)).toMatchObject({ code: 'log.lines-lost' });
    expect(lost).toBeGreaterThan(400);
    expect(written.length - 2 + lost).toBe(lines);
  });
});
