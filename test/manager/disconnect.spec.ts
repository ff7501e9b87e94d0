import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { InvalidOptionsError, type WebSocketManager } from '../../src/index.js';
import { startApplication, stopApplications } from '../support/application.js';
import { ManagementApiServer, stopManagementApis } from '../support/management-api-server.js';
import { connect, disconnect, newConnectionId } from '../support/events.js';
import { EventRecorder } from '../support/recorder.js';

const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };

let server: ManagementApiServer;
let manager: WebSocketManager;
let recorder: EventRecorder;

beforeEach(async () => {
  server = await ManagementApiServer.start();
  const application = await startApplication({
    options: { apiGatewayEndpoint: server.endpoint(), credentials },
    providers: [EventRecorder],
  });
  ({ manager } = application);
  recorder = application.get(EventRecorder);
});

afterEach(async () => {
  await stopApplications();
  await stopManagementApis();
});

async function connected(userId?: string): Promise<string> {
  const connectionId = newConnectionId();
  await manager.handle(connect({ connectionId, userId }));
  return connectionId;
}

describe('disconnect', () => {
  it('deletes the connection at the gateway, forgets it, and tells so with the cause server', async () => {
    const connectionId = await connected();
    expect(await manager.disconnect(connectionId, { code: 4001, reason: 'Signed out' })).toBe(true);
    expect(server.requests.all).toEqual([expect.objectContaining({ method: 'DELETE', connectionId })]);
    expect(await manager.connectionExists(connectionId)).toBe(false);
    expect(recorder.disconnected).toEqual([
      expect.objectContaining({ connectionId, cause: 'server', code: 4001, reason: 'Signed out' }),
    ]);
  });

  it('fires once, with the cause server, even when the $disconnect that it leads to comes first', async () => {
    const connectionId = await connected();
    server.answerWith(async () => {
      await manager.handle(disconnect(connectionId, 1000, 'Connection Closed Normally'));
      return 204;
    });
    expect(await manager.disconnect(connectionId)).toBe(true);
    expect(recorder.disconnected).toEqual([expect.objectContaining({ connectionId, cause: 'server', code: 1000 })]);
  });

  it('changes nothing when the gateway does not close it', async () => {
    const connectionId = await connected();
    server.answerWith(() => 403);
    expect(await manager.disconnect(connectionId)).toBe(false);
    expect(await manager.connectionExists(connectionId)).toBe(true);
    expect(recorder.disconnected).toEqual([]);
  });

  it('forgets a connection that turns out to be gone, unless it has only just connected', async () => {
    const [old, young] = [await connected(), newConnectionId()];
    await manager.handle(connect({ connectionId: young, connectedAt: Date.now() }));
    server.answerWith(() => 410);
    expect(await manager.disconnect(old)).toBe(false);
    expect(await manager.disconnect(young)).toBe(false);
    expect(await manager.getAllConnections()).toEqual([young]);
    expect(recorder.disconnected).toEqual([expect.objectContaining({ connectionId: old, cause: 'gone' })]);
  });

  it('answers false for an unknown connection', async () => {
    expect(await manager.disconnect('unknown')).toBe(false);
    expect(server.requests.all).toEqual([]);
  });

  it.each([
    { code: 1005 },
    { code: 1006 },
    { code: 2999 },
    { code: 5000 },
    { code: 1000.5 },
    { reason: 'é'.repeat(62) },
  ])('refuses %j, which no close frame can carry', async (options) => {
    const connectionId = await connected();
    await expect(manager.disconnect(connectionId, options)).rejects.toBeInstanceOf(InvalidOptionsError);
    await expect(manager.disconnectUser('nobody', options)).rejects.toBeInstanceOf(InvalidOptionsError);
    expect(await manager.connectionExists(connectionId)).toBe(true);
  });
});

describe('disconnectUser', () => {
  it('closes every connection of the user and of nobody else', async () => {
    const [a, b, other] = [await connected('42'), await connected('42'), await connected('43')];
    expect({ ...(await manager.disconnectUser(42)) }).toEqual({ [a]: true, [b]: true });
    expect(await manager.getAllConnections()).toEqual([other]);
    expect(recorder.disconnected.map(({ cause }) => cause)).toEqual(['server', 'server']);
  });
});
