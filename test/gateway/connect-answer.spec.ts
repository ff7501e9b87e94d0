import { afterEach, describe, expect, it } from '@jest/globals';
import { WebSocketHandler } from '../../src/index.js';
import { closeGatewayApps, gatewayApp } from '../support/gateway-app.js';
import { RawConnection, upgradeRequest } from '../support/gateway-client.js';

afterEach(closeGatewayApps);

/** What a client sees when the answer to `$connect` has this status. */
async function handshakeAnswered(statusCode: number): Promise<string> {
  const app = await gatewayApp().start();
  const handler = app.app.get(WebSocketHandler);
  handler.handle = async () => ({ statusCode, body: '{"error":"as the application says"}' });
  const raw = await RawConnection.open(app.port);
  raw.socket.write(upgradeRequest({}));
  const answer = await raw.until('\r\n\r\n');
  if (statusCode > 299) await raw.closed;
  raw.socket.destroy();
  return answer && raw.text;
}

describe('the answer to $connect', () => {
  it.each([200, 201, 204, 299])('opens the connection with any 2xx: %i', async (statusCode) => {
    const answer = await handshakeAnswered(statusCode);
    expect(answer).toMatch(/^HTTP\/1\.1 101 /);
    expect(answer).not.toContain('as the application says');
  });

  it.each([302, 400, 401, 403, 404, 413, 429, 500, 502, 503])(
    'is the status of the refused handshake with any other: %i',
    async (statusCode) => {
      const answer = await handshakeAnswered(statusCode);
      expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${statusCode} `));
      expect(answer).toContain('as the application says');
    },
  );
});
