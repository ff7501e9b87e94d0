import { afterEach, describe, expect, it } from '@jest/globals';
import { NotRunningError, WebSocket, WebSocketManager } from '../../src/index.js';
import { startApplication, stopApplications } from '../support/application.js';
import { connect, newConnectionId } from '../support/events.js';

afterEach(stopApplications);

describe('the WebSocket facade', () => {
  it('says what to do when no application is up', async () => {
    expect(() => WebSocket.getStats()).toThrow(NotRunningError);
    await startApplication();
    await stopApplications();
    expect(() => WebSocket.getStats()).toThrow('import WebSocketModule.forRoot() into a module');
  });

  it('has every method of the manager', async () => {
    const methods = Object.getOwnPropertyNames(WebSocketManager.prototype);
    const internal = ['constructor', 'selection'];
    // What tests begin with is the facade's alone.
    const own = ['length', 'name', 'prototype', 'fake'];
    const statics = Object.getOwnPropertyNames(WebSocket).filter((name) => !own.includes(name));
    expect(statics.sort()).toEqual(methods.filter((name) => !internal.includes(name)).sort());
  });

  it('speaks for the manager of the running application', async () => {
    const { manager } = await startApplication();
    const connectionId = newConnectionId();
    await WebSocket.handle(connect({ connectionId }));
    expect(await WebSocket.joinChannel(connectionId, 'news')).toBe(true);
    expect(await manager.getConnectionsByChannel('news')).toEqual([connectionId]);
    expect(await WebSocket.getStats()).toEqual(await manager.getStats());
    expect(await WebSocket.to('nowhere').send({})).toMatchObject({ delivered: 0 });
    expect(await WebSocket.health()).toMatchObject({ status: 'up' });
  });

  it('speaks for the application that started last, and for the one before once that has stopped', async () => {
    const first = await startApplication();
    const second = await startApplication();
    const connectionId = newConnectionId();
    await WebSocket.handle(connect({ connectionId }));
    expect(await second.manager.connectionExists(connectionId)).toBe(true);
    expect(await first.manager.connectionExists(connectionId)).toBe(false);
    await second.app.close();
    expect(await WebSocket.connectionExists(connectionId)).toBe(false);
  });
});
