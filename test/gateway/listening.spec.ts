import { afterEach, describe, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { EmbeddedGateway, InvalidOptionsError } from '../../src/index.js';
import { createFolder, removeFolders } from '../support/certificates.js';
import { closeGatewayApps, gatewayApp } from '../support/gateway-app.js';
import { GatewayClient, RawConnection, upgradeRequest } from '../support/gateway-client.js';

afterEach(async () => {
  await closeGatewayApps();
  removeFolders();
});

describe('a gateway on a Unix socket', () => {
  const onSocket = (socketPath: string) =>
    // Without the port of its own that test applications have otherwise.
    gatewayApp()
      .attached()
      .gateway({ socketPath, routeResponses: ['ping'] })
      .on('websocket.ping', () => 'pong');

  async function expectPong(url: string): Promise<void> {
    const client = await GatewayClient.open(url);
    client.send({ action: 'ping' });
    expect(await client.nextJson()).toBe('pong');
    await client.close();
  }

  /** Leaves the socket of a process that was killed while it listened. */
  async function leaveStaleSocket(path: string): Promise<void> {
    const program = `require('node:net').createServer().listen(process.argv[1], () => console.log('listening'))`;
    const child = spawn(process.execPath, ['-e', program, path], { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(child.stdout, 'data');
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(existsSync(path)).toBe(true);
  }

  it('serves there, says where, and removes it in the end', async () => {
    const path = join(createFolder(), 'chat.sock');
    const app = await onSocket(path).start();
    expect(app.url).toBe(`ws+unix:${path}:/ws`);
    expect(app.app.get(EmbeddedGateway).port).toBeNull();
    await expectPong(app.url);
    await app.app.close();
    expect(existsSync(path)).toBe(false);
  });

  it('takes over the socket of a process that died', async () => {
    const path = join(createFolder(), 'chat.sock');
    await leaveStaleSocket(path);
    const app = await onSocket(path).start();
    await expectPong(app.url);
  });

  it('goes to one of several that take it over at once, and the others are told', async () => {
    for (let round = 0; round < 10; round++) {
      const path = join(createFolder(), 'chat.sock');
      await leaveStaleSocket(path);
      const starts = await Promise.allSettled(Array.from({ length: 3 }, () => onSocket(path).start()));
      const won = starts.filter((start) => start.status === 'fulfilled');
      const codes = starts.flatMap((start) =>
        start.status === 'rejected' ? [(start.reason as { code: string }).code] : [],
      );
      expect(codes).toEqual(['EADDRINUSE', 'EADDRINUSE']);
      await expectPong(won[0]!.value.url);
    }
  });

  it('fails the start when a process listens there, and leaves that its socket', async () => {
    const path = join(createFolder(), 'chat.sock');
    const first = await onSocket(path).start();
    await expect(onSocket(path).start()).rejects.toMatchObject({ code: 'EADDRINUSE' });
    await expectPong(first.url);
  });

  it('fails the start when there is a file of another kind, and leaves it alone', async () => {
    const path = join(createFolder(), 'notes.txt');
    writeFileSync(path, 'precious');
    const started = onSocket(path).start();
    await expect(started).rejects.toThrow(InvalidOptionsError);
    await expect(started).rejects.toThrow('something else is there');
    expect(readFileSync(path, 'utf8')).toBe('precious');
  });

  it('fails the start where no socket can be made', async () => {
    const path = join(createFolder(), 'nowhere/chat.sock');
    await expect(onSocket(path).start()).rejects.toMatchObject({ code: expect.stringMatching(/^(ENOENT|EACCES)$/) });
  });
});

describe('a client that takes its time', () => {
  it.each([
    ['says nothing', ''],
    ['stops in the middle of its request', 'GET /ws HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: web'],
  ])('is answered 408 and dropped when it %s, while others are served', async (_, sent) => {
    const app = await gatewayApp().gateway({ handshakeTimeoutMs: 200 }).start();
    const slow = await RawConnection.open(app.port);
    slow.socket.write(sent);
    const others = await app.connect();
    await slow.closed;
    expect(slow.text).toMatch(/^HTTP\/1\.1 408 /);
    // One that is through its handshake has all the time in the world.
    expect(others.socket.readyState).toBe(others.socket.OPEN);
    await others.close();
  });

  it('is dropped although it sends a little again and again', async () => {
    const app = await gatewayApp().gateway({ handshakeTimeoutMs: 200 }).start();
    const slow = await RawConnection.open(app.port);
    slow.socket.write('GET /ws HTTP/1.1\r\n');
    const dripping = setInterval(() => slow.socket.write('X-Slow: 1\r\n'), 20);
    await slow.closed;
    clearInterval(dripping);
    expect(slow.text).toMatch(/^HTTP\/1\.1 408 /);
  });
});

describe('the head of a request', () => {
  it.each([
    { maxHeaderBytes: 2_048, bytes: 1_000, status: 101 },
    { maxHeaderBytes: 2_048, bytes: 3_000, status: 431 },
    { maxHeaderBytes: 65_536, bytes: 40_000, status: 101 },
  ])('of $bytes bytes gets $status where $maxHeaderBytes may be', async ({ maxHeaderBytes, bytes, status }) => {
    const app = await gatewayApp().gateway({ maxHeaderBytes }).start();
    const raw = await RawConnection.open(app.port);
    raw.socket.write(upgradeRequest({ headers: { 'X-Long': 'x'.repeat(bytes) } }));
    expect(await raw.until('\r\n\r\n')).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    raw.socket.destroy();
  });
});
