import { expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import type { AddressInfo } from 'node:net';
import { fetchPlain } from '../../../test/support/gateway-client.js';
import { LogCapture } from '../../../test/support/log.capture.js';
import { SystemClock } from '../../contracts/clock.js';
import { resolveWebSocketOptions } from '../../websocket.options-resolver.js';
import { OwnServer } from './own.server.js';

it('goes on, and says so once, when the system can give it no new client', async () => {
  const capture = new LogCapture();
  Logger.overrideLogger(capture);
  const { gateway } = resolveWebSocketOptions({ gateway: { port: 0 } }, {});
  const server = await OwnServer.create(gateway!, new SystemClock());
  try {
    await server.listen();
    server.http.on('request', (_, response) => void response.end('served'));
    // What Node makes of an accept() that failed.
    const error = Object.assign(new Error('accept ENFILE'), { code: 'ENFILE' });
    for (let time = 0; time < 2; time++) server.http.emit('error', error);
    expect(capture.parsed()).toMatchObject([{ level: 'error', code: 'gateway.not-accepting' }]);
    expect(capture.parsed()[0]!.message).toContain('ENFILE');
    const { port } = server.http.address() as AddressInfo;
    expect((await fetchPlain(`http://127.0.0.1:${port}`)).body).toBe('served');
  } finally {
    await server.close();
    Logger.overrideLogger(true);
  }
});
