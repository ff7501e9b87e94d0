import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { application, cli, killClis, ROOT } from './cli.process.js';

// Each call is a process of its own.
jest.setTimeout(60_000);

const COMMANDS = [
  'serve',
  'stats',
  'connections',
  'channels',
  'send',
  'broadcast',
  'disconnect',
  'cleanup',
  'doctor',
  'init',
];
const REDIS = { WEBSOCKET_REDIS_URL: 'redis://127.0.0.1:1' };

afterEach(killClis);

describe('nest-websocket', () => {
  it('is the program that package.json installs, and tells its version', async () => {
    const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { bin: unknown; version: string };
    expect(manifest.bin).toEqual({ 'nest-websocket': './dist/cli/main.js' });
    expect(await cli(['--version'])).toEqual({ code: 0, stdout: `${manifest.version}\n`, stderr: '' });
  });

  it('lists its commands and exit codes in its help, and its options in that of each command', async () => {
    const { code, stdout } = await cli(['--help']);
    expect(code).toBe(0);
    expect([...stdout.matchAll(/^ {2}(\w+) .*\[options\]/gm)].map(([, name]) => name)).toEqual(COMMANDS);
    expect([...stdout.matchAll(/^ {2}(\d+) {2}/gm)].map(([, exitCode]) => Number(exitCode))).toEqual([
      0, 1, 2, 3, 4, 130,
    ]);
    const helps = await Promise.all(['stats', 'init'].map((command) => cli([command, '--help'])));
    expect(helps.map((help) => [help.code, help.stdout.includes('--json')])).toEqual([
      [0, true],
      [0, true],
    ]);
  });

  it.each([
    {
      what: 'an unknown command, with the one that was meant',
      args: ['stat'],
      says: /unknown command 'stat'[^]*stats/,
    },
    { what: 'an unknown option', args: ['stats', '--jsn'], says: /unknown option '--jsn'[^]*--json/ },
    { what: 'a missing argument', args: ['broadcast'], says: /missing required argument 'data'/ },
    { what: 'an argument too many', args: ['stats', 'now'], says: /too many arguments/ },
    { what: 'no argument at all', args: [], says: /Usage: nest-websocket/ },
    { what: 'a port that is none', args: ['serve', 'a.js', '--port', '70000'], says: /from 0 to 65535/ },
    { what: 'a host that is empty', args: ['serve', 'a.js', '--host', ''], says: /--host[^]*Expected a value; leave/ },
    { what: 'a path that is blank', args: ['serve', 'a.js', '--path', ' '], says: /--path[^]*Expected a value; leave/ },
    { what: 'a key that is null', args: ['serve', 'a.js', '--tls-key', 'null'], says: /--tls-key[^]*Expected a value/ },
    { what: 'limits that nobody knows', args: ['serve', 'a.js', '--limits', 'none'], says: /api-gateway, generous/ },
    { what: 'a limit of nothing', args: ['connections', '--limit', '0'], says: /at least 1/ },
    { what: 'a send without a recipient', args: ['send', '{}'], says: /Say whom and what/ },
    { what: 'a send to a connection and a channel', args: ['send', '--channel', 'a', 'id', '{}'], says: /Say whom/ },
    { what: 'a disconnect of nobody', args: ['disconnect'], says: /Say whom/ },
    { what: 'a disconnect of two', args: ['disconnect', 'id', '--user', '1'], says: /Say whom/ },
    { what: 'data that is no JSON', args: ['broadcast', '{title: 1}'], says: /no JSON: .*--text/ },
    {
      what: 'an app module beside a store',
      args: ['stats', '--app', 'a.js', '--redis', 'redis://x'],
      says: /cannot be used with/,
    },
    { what: 'a Redis that is no URL', args: ['stats', '--redis', 'localhost:6379'], says: /"redis.url" to be a URL/ },
    {
      what: 'a misspelled variable',
      args: ['stats'],
      env: { WEBSOCKET_REDIS_URI: 'x' },
      says: /did you mean WEBSOCKET_REDIS_URL/,
    },
    { what: 'no store', args: ['stats'], env: {}, says: /No store is configured: .*nothing to see/ },
    { what: 'TypeScript', args: ['serve', 'src/app.module.ts'], says: /compile it first/ },
    { what: 'a module that is not there', args: ['serve', 'dist/none.js'], says: /no file dist\/none\.js/ },
    { what: 'a file without a module', args: ['serve', 'jest.config.js'], says: /exports no Nest module/ },
    {
      what: 'an export that is none',
      args: ['serve', application('chat.module.js'), '--export', 'Nix'],
      says: /it exports ChatModule/,
    },
  ])('refuses $what in few words, with 2', async ({ args, env = REDIS, says }) => {
    const { code, stdout, stderr } = await cli(args, { env });
    expect(stderr).toMatch(says);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).not.toMatch(/^ {4}at /m);
  });

  it('shows the stack of an error with --debug only', async () => {
    const { stderr } = await cli(['broadcast', 'no json', '--debug'], { env: REDIS });
    expect(stderr).toMatch(/^ {4}at /m);
  });

  it('repeats control characters of the command line as escapes', async () => {
    const { stderr } = await cli(['\u001b[31mred\u0007']);
    expect(stderr).toContain('\\u001b[31mred\\u0007');
  });

  it('ends with 3 within seconds when the store does not answer', async () => {
    const { code, stdout, stderr } = await cli(['stats'], { env: REDIS });
    expect({ code, stdout }).toEqual({ code: 3, stdout: '' });
    expect(stderr).toMatch(/^error: The connection store failed to .* \(ECONNREFUSED\)$/m);
  });
});
