import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createServer } from 'node:net';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createCertificate, createFolder, read, removeFolders } from '../support/certificates.js';
import { GatewayClient } from '../support/gateway-client.js';
import { freePort } from '../support/redis.server.js';
import { application, cli, documents, killClis, ROOT, startCli } from './cli.process.js';

// Each call is a process of its own.
jest.setTimeout(60_000);

const CHAT = application('chat.module.js');
const LISTENING = /^Listening on (wss?:\/\/\S+)$/m;

describe('nest-websocket serve', () => {
  afterEach(async () => {
    await killClis();
    removeFolders();
  });

  it('serves an application, says where, and lets its clients go at SIGTERM', async () => {
    const port = await freePort();
    const served = startCli(['serve', CHAT, '--port', String(port), '--path', '/chat']);
    const [, url] = await served.says(LISTENING);
    expect(url).toBe(`ws://127.0.0.1:${port}/chat`);
    const client = await GatewayClient.open(url!);
    served.signal('SIGTERM');
    const { code } = await client.closed;
    expect([1001, 1012]).toContain(code);
    expect((await served.ended).code).toBe(0);
  });

  it('ends with 0 at SIGINT, too, and keeps the log off stdout', async () => {
    const served = startCli(['serve', CHAT, '--port', '0', '--json']);
    await served.says(/\n/);
    served.signal('SIGINT');
    const { code, stdout, stderr } = await served.ended;
    expect(code).toBe(0);
    expect(documents(stdout)).toEqual([
      { listening: true, url: expect.stringMatching(/^ws:/), socketPath: null, pid: served.child.pid },
    ]);
    expect(stderr).toContain('Nest application');
    expect(stderr).not.toContain('\u001b');
  });

  it('ends at the first signal while the application does not come up', async () => {
    const served = startCli(['serve', application('hanging.module.js'), '--port', '0']);
    await served.says(/starts and hangs/);
    served.signal('SIGTERM');
    expect((await served.ended).code).toBe(130);
  });

  it('takes flags before the environment, and the environment before the defaults', async () => {
    const env = { WEBSOCKET_PORT: '1', WEBSOCKET_PATH: '/environment', WEBSOCKET_ENABLED: 'false' };
    const served = startCli(['serve', CHAT, '--port', '0'], { env });
    const [, url] = await served.says(LISTENING);
    expect(new URL(url!).pathname).toBe('/environment');
  });

  it("serves on the application's own server where the gateway has no port", async () => {
    const port = await freePort();
    const served = startCli(['serve', CHAT], { env: { PORT: String(port) } });
    const [, url] = await served.says(LISTENING);
    expect(url).toBe(`ws://127.0.0.1:${port}/ws`);
    await GatewayClient.open(url!);
  });

  it('serves a module of CommonJS', async () => {
    const file = join(createFolder(), 'app.module.cjs');
    const packages = ['node_modules/@nestjs/common/index.js', 'dist/index.js'].map((path) =>
      JSON.stringify(join(ROOT, path)),
    );
    const [common, own] = packages;
    await writeFile(
      file,
      `const { Module } = require(${common}); const { WebSocketModule } = require(${own});
      class AppModule {} Module({ imports: [WebSocketModule.forRoot({ gateway: {} })] })(AppModule);
      module.exports = Object.assign(Object.create(null), { AppModule });`,
    );
    const served = startCli(['serve', file, '--port', '0']);
    const [, url] = await served.says(LISTENING);
    await GatewayClient.open(url!);
  });

  it("serves wss:// with its certificate, and holds clients to API Gateway's limits", async () => {
    const certificate = createCertificate(createFolder(), 'served');
    const tls = ['--tls-cert', certificate.certPath, '--tls-key', certificate.keyPath];
    const served = startCli(['serve', CHAT, '--port', '0', ...tls, '--limits', 'api-gateway']);
    const [, url] = await served.says(LISTENING);
    expect(url).toMatch(/^wss:/);
    const client = await GatewayClient.open(url!, { ca: read(certificate).cert });
    client.send(Buffer.from([1, 2, 3]));
    expect(await client.closed).toMatchObject({ code: 1003 });
  });

  it('takes the export that it is told', async () => {
    const served = startCli(['serve', application('several.module.js'), '--export', 'SecondModule', '--port', '0']);
    const [, url] = await served.says(LISTENING);
    expect(new URL(url!).pathname).toBe('/second');
  });

  it.each([
    {
      what: 'several modules',
      args: ['several.module.js'],
      says: /several Nest modules: .*--export: FirstModule, SecondModule/,
    },
    { what: 'a gateway that is off', args: ['off.module.js'], says: /turns the gateway off/ },
    {
      what: 'a port that the module decides',
      args: ['decided.module.js', '--port', '1'],
      says: /"gateway\.port" comes before --port/,
    },
    {
      what: 'a path that the module decides',
      args: ['decided.module.js', '--path', '/x'],
      says: /"gateway\.path" comes before --path/,
    },
    {
      what: 'a certificate without its key',
      args: ['chat.module.js', '--port', '0', '--tls-cert', 'x.pem'],
      says: /WEBSOCKET_SSL_KEY_PATH/,
    },
  ])('refuses $what before anything listens, with 2', async ({ args: [file = '', ...flags], says }) => {
    const { code, stdout, stderr } = await cli(['serve', application(file), ...flags]);
    expect(stderr).toMatch(says);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).not.toMatch(/^ {4}at /m);
  });

  it('says what to do about a port that is taken', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    try {
      const { port } = taken.address() as AddressInfo;
      const { code, stderr } = await cli(['serve', CHAT, '--port', String(port)]);
      expect(code).toBe(1);
      expect(stderr).toMatch(/^error: .*EADDRINUSE.* take another --port\.$/m);
    } finally {
      taken.close();
    }
  });
});
