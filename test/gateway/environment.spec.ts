import { afterEach, expect, it } from '@jest/globals';
import { createCertificate, createFolder, read, removeFolders } from '../support/certificates.js';
import { GatewayClient } from '../support/gateway-client.js';
import { HostProcess, killHosts } from '../support/host-process.js';
import { describeWith, openssl } from '../support/program.js';

afterEach(async () => {
  await killHosts();
  removeFolders();
});

describeWith([openssl], 'a process that is configured by its environment alone', () => {
  it('listens where that says, with that certificate', async () => {
    const files = createCertificate(createFolder(), 'first');
    const host = await HostProcess.start(undefined, {
      WEBSOCKET_ENABLED: 'true',
      WEBSOCKET_HOST: '127.0.0.1',
      WEBSOCKET_PORT: '0',
      WEBSOCKET_PATH: '/live',
      WEBSOCKET_SSL_CERT_PATH: files.certPath,
      WEBSOCKET_SSL_KEY_PATH: files.keyPath,
    });
    expect(host.url).toMatch(/^wss:\/\/127\.0\.0\.1:\d+\/live$/);
    const client = await GatewayClient.open(host.url, { ca: read(files).cert });
    await client.close();
  });
});

it('keeps the gateway off with WEBSOCKET_ENABLED=false, and puts it on the server of the application with true', async () => {
  const off = await HostProcess.start({ port: 0 }, { WEBSOCKET_ENABLED: 'false' });
  expect(off.isGatewayOn).toBe(false);
  const on = await HostProcess.start(undefined, { WEBSOCKET_ENABLED: 'true' });
  expect(on.url).toBe(`${on.applicationUrl.replace('http:', 'ws:')}/ws`);
});

it.each([
  [{ WEBSOCKET_PORT: 'eighty' }, 'Expected the environment variable WEBSOCKET_PORT to be a whole number'],
  [{ WEBSOCKET_PORT: '8080', WEBSOCKET_SSL_CERT_PATH: '/run/tls.crt' }, 'WEBSOCKET_SSL_KEY_PATH to be set'],
  [{ WEBSOCKET_PROT: '8080' }, 'did you mean WEBSOCKET_PORT?'],
])('does not start with %j, and says why', async (environment, message) => {
  const starting = HostProcess.start(undefined, { WEBSOCKET_ENABLED: 'true', ...environment });
  await expect(starting).rejects.toThrow(message);
});
