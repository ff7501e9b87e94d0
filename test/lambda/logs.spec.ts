import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { parseLine } from '../support/log.capture.js';

const LOADER = new URL('../support/typescript.loader.js', import.meta.url).href;
const PROGRAM = fileURLToPath(new URL('../support/lambda.program.ts', import.meta.url));

const STARTED_MS = Date.now();

/** What the program writes, whose stdout and stderr are pipes, as on Lambda. */
async function run(environment: Readonly<Record<string, string>>) {
  const { stdout, stderr } = await promisify(execFile)(process.execPath, ['--import', LOADER, PROGRAM], {
    env: { PATH: process.env['PATH'], NODE_NO_WARNINGS: '1', ...environment },
  });
  return { stdout, stderr, lines: stdout.split('\n').slice(0, -1) };
}

function jsonLines(lines: readonly string[]): Record<string, unknown>[] {
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}

describe('the log of a function', () => {
  it('is one event for each line, with its level and its request, however long a stack is', async () => {
    const { lines, stderr } = await run({ AWS_LAMBDA_FUNCTION_NAME: 'chat' });
    expect(stderr).toBe('');
    const events = lines.map((line) => line.split('\t'));
    expect(events.map(([, requestId, level]) => [requestId, level])).toEqual([
      ['none', 'WARN'],
      ['request-1', 'WARN'],
      ['request-1', 'WARN'],
      ['request-2', 'ERROR'],
    ]);
    const [ready, limits, came, failed] = events.map(([, , , text = '']) => text.replaceAll('\r', '\n'));
    expect(ready).toBe('[Chat] Ready');
    expect(parseLine(limits!.replace('[WebSocket] ', ''))).toMatchObject({ code: 'store.limits' });
    expect(came).toBe('[Chat] Somebody came {"room":"lobby","level":"spoofed"}');
    expect(failed).toMatch(
      /^\[WebSocket\] \[event\.failed connectionId=BFHPhfCWIAMCKlQ=\] An event could not be handled\.\n/,
    );
    expect(failed).toContain('Caused by: TypeError: No row');
    expect(failed!.split('The query failed')).toHaveLength(2);
  });

  it.each([[{ AWS_LAMBDA_FUNCTION_NAME: 'chat' }], [{}], [{ AWS_LAMBDA_FUNCTION_NAME: 'chat', LOGGED: 'log,warn' }]])(
    'has no colours where nobody would see them, with %j',
    async (environment) => {
      const { stdout, stderr } = await run({ PLAIN_CONSOLE: 'true', ...environment });
      expect(stdout + stderr).toContain('event.failed');
      expect(stdout + stderr).not.toContain('\u001b');
    },
  );

  it('is of the levels that are asked for by name', async () => {
    const { lines } = await run({ AWS_LAMBDA_FUNCTION_NAME: 'chat', LOGGED: 'log,warn' });
    expect(lines.filter((line) => line.includes('[Chat]')).map((line) => line.split('\t')[2])).toEqual([
      'WARN',
      'WARN',
      'INFO',
    ]);
    expect(lines.some((line) => line.includes('[NestFactory]'))).toBe(true);
  });
});

describe('the log of a function whose log format is JSON', () => {
  const JSON_FORMAT = { AWS_LAMBDA_FUNCTION_NAME: 'chat', AWS_LAMBDA_LOG_FORMAT: 'JSON' };

  it('is an object for each line, with what Lambda reads and the parts of the line', async () => {
    const { lines, stderr } = await run(JSON_FORMAT);
    expect(stderr).toBe('');
    const [ready, limits, came, failed] = jsonLines(lines);
    expect(lines).toHaveLength(4);
    expect(ready).toEqual({ timestamp: expect.any(String), level: 'WARN', message: 'Ready', context: 'Chat' });
    expect(limits).toEqual({
      timestamp: expect.any(String),
      level: 'WARN',
      requestId: 'request-1',
      message: expect.stringMatching(/^Connections are kept in the memory of one/),
      context: 'WebSocket',
      code: 'store.limits',
    });
    expect(new Date(String(limits!['timestamp'])).toISOString()).toBe(limits!['timestamp']);
    expect(Date.parse(String(limits!['timestamp']))).toBeGreaterThan(STARTED_MS);
    expect(came).toEqual({
      timestamp: expect.any(String),
      level: 'WARN',
      requestId: 'request-1',
      message: 'Somebody came',
      context: 'Chat',
      room: 'lobby',
    });
    expect(failed).toEqual({
      timestamp: expect.any(String),
      level: 'ERROR',
      requestId: 'request-2',
      message: 'An event could not be handled.',
      context: 'WebSocket',
      code: 'event.failed',
      connectionId: 'BFHPhfCWIAMCKlQ=',
      errorType: 'Error',
      errorMessage: expect.stringContaining('The query failed'),
      stackTrace: expect.arrayContaining(['    Caused by: TypeError: No row']),
    });
    expect(stderr).not.toContain('hunter2');
  });

  it.each([
    ['DEBUG', ['WARN', 'INFO', 'DEBUG']],
    ['INFO', ['WARN', 'INFO']],
    ['FATAL', []],
    ['whatever', ['WARN']],
  ])('is of the level that is set for the function: %s', async (level, told) => {
    const { lines } = await run({ ...JSON_FORMAT, AWS_LAMBDA_LOG_LEVEL: level });
    const entries = jsonLines(lines);
    const ofRequest = entries.filter(({ context, requestId }) => context === 'Chat' && requestId !== undefined);
    expect(ofRequest.map((entry) => entry['level'])).toEqual(told);
    expect(entries.some(({ code }) => code === 'event.failed')).toBe(level !== 'FATAL');
    // What Nest tells of each module at every cold start is left out.
    expect(entries.filter(({ context }) => context !== 'Chat' && context !== 'WebSocket')).toEqual([]);
  });
});

describe('the log of a function that has the logger of Powertools', () => {
  it('is what Powertools writes, with the parts of each line and the request that it is about', async () => {
    const onDemand = { AWS_LAMBDA_FUNCTION_NAME: 'chat', AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand' };
    const { stdout, stderr } = await run({ ...onDemand, POWERTOOLS: 'true' });
    // Powertools writes warnings and errors to stderr.
    const entries = jsonLines((stdout + stderr).split('\n').slice(0, -1));
    expect(entries.map(({ message }) => message)).toContain('Hello');
    expect(entries.find(({ message }) => message === 'Somebody came')).toMatchObject({
      level: 'WARN',
      service: 'chat',
      cold_start: true,
      function_request_id: 'request-1',
      context: 'Chat',
      room: 'lobby',
    });
    expect(entries.find(({ code }) => code === 'event.failed')).toMatchObject({
      level: 'ERROR',
      message: 'An event could not be handled.',
      cold_start: false,
      function_request_id: 'request-2',
      connectionId: 'BFHPhfCWIAMCKlQ=',
      error: {
        name: 'Error',
        message: 'The query failed\\u{a}for good',
        cause: { name: 'TypeError', message: 'No row' },
      },
    });
    expect(stderr).not.toContain('hunter2');
  });
});
