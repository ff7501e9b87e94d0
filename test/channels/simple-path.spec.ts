import { afterEach, describe, expect, it } from '@jest/globals';
import { closeGatewayApps, gatewayApp } from '../support/gateway-app.js';
import { Person } from './channel.person.js';

afterEach(closeGatewayApps);

describe('a client that speaks the protocol', () => {
  it('says hello, subscribes, publishes and gets what is published', async () => {
    const app = await gatewayApp()
      .with({ channels: { rules: { 'room.{id}': { publish: true, persistent: true } } } })
      .start();
    const ada = await Person.connect(app);
    const bob = await Person.connect(app);
    expect(await ada.ask({ action: 'hello', protocol: 1 })).toMatchObject({ type: 'welcome', pingSeconds: 25 });
    expect(await ada.subscribe('room.1')).toMatchObject({ type: 'subscribed', channel: 'room.1', messages: [] });
    await bob.subscribe('room.1');
    const published = await ada.ask({ action: 'publish', channel: 'room.1', event: 'said', data: { text: 'Hello' } });
    expect(published).toMatchObject({ type: 'published', channel: 'room.1', offset: 1 });
    expect(await bob.untilType('message')).toEqual({
      type: 'message',
      channel: 'room.1',
      event: 'said',
      data: { text: 'Hello' },
      id: published['messageId'],
      timestamp: expect.any(Number),
      epoch: published['epoch'],
      offset: 1,
    });
    expect(await ada.untilType('message')).toMatchObject({ data: { text: 'Hello' } });
  });
});
