import { afterEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { copyFileSync, mkdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { connect as connectTcp } from 'node:net';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { connect as connectTls, type ConnectionOptions } from 'node:tls';
import { EmbeddedGateway, InvalidOptionsError, type GatewayTlsOptions } from '../../src/index.js';
import { createCertificate, createFolder, read, removeFolders } from '../support/certificates.js';
import { closeGatewayApps, gatewayApp, type GatewayApp, type GatewayAppBuilder } from '../support/gateway-app.js';
import { GatewayClient, RawConnection } from '../support/gateway-client.js';
import { ManualClock } from '../support/manual.clock.js';
import { describeWith, openssl } from '../support/program.js';

const READ_EVERY_MS = 5_000;

afterEach(async () => {
  await closeGatewayApps();
  removeFolders();
});

function echoing(tls: GatewayTlsOptions): GatewayAppBuilder {
  return gatewayApp()
    .gateway({ tls, routeResponses: ['ping'] })
    .on('websocket.ping', () => 'pong');
}

/** The name in the certificate that new clients get to see. */
async function nameAt({ port }: GatewayApp, options: ConnectionOptions = {}): Promise<string> {
  const socket = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false, ...options });
  await once(socket, 'secureConnect');
  const name = socket.getPeerCertificate().subject.CN;
  socket.destroy();
  return String(name);
}

/** Lets the time pass until the files are looked at again, and waits until they have been: then the next time is set. */
function looker(clock: ManualClock): () => Promise<void> {
  return async () => {
    const { pending } = clock;
    await clock.advance(READ_EVERY_MS);
    while (clock.pending < pending) await nextTurn();
  };
}

describeWith([openssl], 'a gateway with a certificate', () => {
  it('serves wss:// on its own port, and nothing in the clear', async () => {
    const files = createCertificate(createFolder(), 'first');
    const app = await echoing(files).start();
    expect(app.url).toBe(`wss://127.0.0.1:${app.port}/ws`);
    const client = await app.connect({ ca: read(files).cert });
    client.send({ action: 'ping' });
    expect(await client.nextJson()).toBe('pong');
    const inTheClear = GatewayClient.start(app.url.replace('wss:', 'ws:'));
    await expect(inTheClear.opened()).rejects.toThrow();
    await client.close();
  });

  it('answers a request that asks for an upgrade to another protocol', async () => {
    const app = await echoing(createCertificate(createFolder(), 'first')).start();
    const socket = connectTls({ port: app.port, host: '127.0.0.1', rejectUnauthorized: false });
    socket.write('GET /livez HTTP/1.1\r\nHost: h\r\nConnection: Upgrade, close\r\nUpgrade: h2c\r\n\r\n');
    let answer = '';
    for await (const chunk of socket as AsyncIterable<Buffer>) answer += chunk.toString();
    expect(answer).toMatch(/^HTTP\/1\.1 200 /);
  });

  it('speaks TLS 1.2 and later, nothing older', async () => {
    const app = await echoing(createCertificate(createFolder(), 'first')).start();
    const versions = { TLSv1: false, 'TLSv1.1': false, 'TLSv1.2': true, 'TLSv1.3': true } as const;
    for (const [version, isSpoken] of Object.entries(versions)) {
      const only = version as keyof typeof versions;
      // Otherwise the client's own library would not even offer what is old.
      const seen = nameAt(app, { minVersion: only, maxVersion: only, ciphers: 'DEFAULT@SECLEVEL=0' });
      if (isSpoken) expect(await seen).toBe('first');
      else await expect(seen).rejects.toMatchObject({ code: 'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION' });
    }
  });

  it('serves with a key that is encrypted', async () => {
    const files = createCertificate(createFolder(), 'locked', 'hunter2');
    expect(await nameAt(await echoing({ ...files, passphrase: 'hunter2' }).start())).toBe('locked');
  });

  it('lets only clients in that come with a certificate of its authorities, when it has some', async () => {
    const folder = createFolder();
    const [server, friend, stranger] = ['server', 'friend', 'stranger'].map((name) => createCertificate(folder, name));
    const app = await echoing({ ...server!, caPath: friend!.certPath }).start();
    const ca = read(server!).cert;
    for (const credentials of [{}, read(stranger!)]) {
      const client = GatewayClient.start(app.url, { ca, ...credentials });
      await expect(client.opened()).rejects.toThrow();
    }
    expect(await app.manager.getAllConnections()).toEqual([]);
    const client = await app.connect({ ca, ...read(friend!) });
    await client.close();
  });

  it('drops a client that does not get on with TLS', async () => {
    const files = createCertificate(createFolder(), 'first');
    const app = await echoing(files).gateway({ handshakeTimeoutMs: 100 }).start();
    const silent = await RawConnection.open(app.port);
    await silent.closed;
    expect(silent.text).toBe('');
  });

  it('closes although a client has not begun TLS', async () => {
    const builder = echoing(createCertificate(createFolder(), 'first'));
    const app = await builder.gateway({ handshakeTimeoutMs: 600_000 }).start();
    const silent = connectTcp({ port: app.port, host: '127.0.0.1' });
    await once(silent, 'connect');
    await nameAt(app);
    const closed = once(silent, 'close');
    await app.app.close();
    await closed;
  });
});

describeWith([openssl], 'a certificate that is replaced while the gateway runs', () => {
  /** A gateway whose certificate is called `first`, and what to replace it with. */
  async function start() {
    const folder = createFolder();
    const clock = new ManualClock();
    const [first, second] = [createCertificate(folder, 'first'), createCertificate(folder, 'second')];
    const tls = { certPath: join(folder, 'tls.crt'), keyPath: join(folder, 'tls.key') };
    copyFileSync(first.certPath, tls.certPath);
    copyFileSync(first.keyPath, tls.keyPath);
    const app = await echoing(tls).with({ clock }).start();
    expect(await nameAt(app)).toBe('first');
    return { app, clock, tls, second, look: looker(clock) };
  }

  it('is shown to new clients when its files were written over, and those that are connected stay', async () => {
    const { app, tls, second, look } = await start();
    const client = await app.connect({ rejectUnauthorized: false });
    copyFileSync(second.certPath, tls.certPath);
    copyFileSync(second.keyPath, tls.keyPath);
    await look();
    expect(await nameAt(app)).toBe('second');
    client.send({ action: 'ping' });
    expect(await client.nextJson()).toBe('pong');
    expect(app.logged).toEqual([]);
    await client.close();
  });

  it('is taken when its files were renamed over, time and again', async () => {
    const { app, tls, second, look } = await start();
    const first = read(tls);
    for (let round = 0; round < 3; round++) {
      for (const { cert, key } of [read(second), first]) {
        writeFileSync(`${tls.certPath}.new`, cert);
        writeFileSync(`${tls.keyPath}.new`, key);
        renameSync(`${tls.certPath}.new`, tls.certPath);
        renameSync(`${tls.keyPath}.new`, tls.keyPath);
        await look();
        expect(await nameAt(app)).toBe(cert === first.cert ? 'first' : 'second');
      }
    }
  });

  it('is taken when a symbolic link of Kubernetes points elsewhere', async () => {
    const folder = createFolder();
    for (const name of ['first', 'second']) {
      const files = createCertificate(folder, name);
      mkdirSync(join(folder, `..${name}`));
      renameSync(files.certPath, join(folder, `..${name}/tls.crt`));
      renameSync(files.keyPath, join(folder, `..${name}/tls.key`));
    }
    symlinkSync('..first', join(folder, '..data'));
    const tls = { certPath: join(folder, 'tls.crt'), keyPath: join(folder, 'tls.key') };
    symlinkSync('..data/tls.crt', tls.certPath);
    symlinkSync('..data/tls.key', tls.keyPath);
    const clock = new ManualClock();
    const app = await echoing(tls).with({ clock }).start();
    expect(await nameAt(app)).toBe('first');
    const look = looker(clock);
    symlinkSync('..second', join(folder, '..data_tmp'));
    renameSync(join(folder, '..data_tmp'), join(folder, '..data'));
    await look();
    expect(await nameAt(app)).toBe('second');
  });

  it.each<[string, (tls: { certPath: string; keyPath: string }, second: { certPath: string }) => void]>([
    ['its key is still the old one', ({ certPath }, second) => copyFileSync(second.certPath, certPath)],
    [
      'half of it is written',
      ({ certPath }, second) => {
        const { cert } = read({ certPath: second.certPath, keyPath: second.certPath });
        writeFileSync(certPath, cert.subarray(0, cert.length / 2));
      },
    ],
    ['it is empty', ({ certPath }) => writeFileSync(certPath, '')],
    ['its file is away', ({ certPath }) => renameSync(certPath, `${certPath}.away`)],
  ])('is not taken while %s, which the log says once; once it is whole it is', async (_, spoil) => {
    const { app, tls, second, look } = await start();
    const keeps = 'keeps its certificate';
    spoil(tls, second);
    await look();
    expect(app.logged).toEqual([expect.stringContaining(keeps)]);
    expect(await nameAt(app)).toBe('first');
    for (let round = 0; round < 3; round++) {
      await look();
      await nameAt(app);
    }
    expect(app.logged.filter((line) => line.includes(keeps))).toHaveLength(1);
    copyFileSync(second.certPath, tls.certPath);
    copyFileSync(second.keyPath, tls.keyPath);
    await look();
    expect(await nameAt(app)).toBe('second');
    expect(app.logged.filter((line) => line.includes(keeps))).toHaveLength(1);
  });

  it('is no longer looked for once the application is closed', async () => {
    const { app, clock } = await start();
    await app.app.close();
    expect(clock.pending).toBe(0);
  });
});

describeWith([openssl], 'a certificate that cannot be used when the application starts', () => {
  it.each<[string, (folder: string) => GatewayTlsOptions, string]>([
    [
      'a file that is not there',
      (folder) => ({ ...createCertificate(folder, 'first'), keyPath: join(folder, 'nowhere') }),
      '"keyPath" cannot be read (ENOENT)',
    ],
    [
      'the key of another',
      (folder) => ({
        ...createCertificate(folder, 'first'),
        keyPath: createCertificate(folder, 'second').keyPath,
      }),
      'KEY_VALUES_MISMATCH',
    ],
    [
      'what is no certificate',
      (folder) => {
        const files = createCertificate(folder, 'first');
        return { ...files, certPath: files.keyPath };
      },
      'NO_START_LINE',
    ],
    [
      'authorities that are none',
      (folder) => {
        const files = createCertificate(folder, 'first');
        return { ...files, caPath: files.keyPath };
      },
      'NO_START_LINE',
    ],
    [
      'a wrong passphrase',
      (folder) => ({ ...createCertificate(folder, 'locked', 'hunter2'), passphrase: 'hunter3' }),
      'BAD_DECRYPT',
    ],
  ])('stops the start: %s', async (_, tls, reason) => {
    const builder = echoing(tls(createFolder()));
    const started = builder.start();
    await expect(started).rejects.toThrow(InvalidOptionsError);
    await expect(started).rejects.toThrow(reason);
    await expect(started).rejects.toMatchObject({ option: 'gateway.tls' });
    await expect(started).rejects.not.toThrow(/hunter|BEGIN/);
  });
});

describe('a gateway without a certificate', () => {
  it('says ws:// for its address', async () => {
    const app = await gatewayApp().start();
    expect(app.app.get(EmbeddedGateway).url).toMatch(/^ws:\/\/127\.0\.0\.1:\d+\/ws$/);
  });
});
