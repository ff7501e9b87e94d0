import { afterEach, describe, expect, it } from '@jest/globals';
import { closeGatewayApps } from '../support/gateway-app.js';
import { ManualClock } from '../support/manual.clock.js';
import { channelApp, named } from './channel.app.js';
import { Person } from './channel.person.js';

afterEach(closeGatewayApps);

describe('a whisper', () => {
  const whisper = { action: 'event', event: 'typing', channel: 'presence-room', data: { on: true } };

  it('reaches the other members, with the name that the server knows', async () => {
    const app = await channelApp({ 'presence-room': named }).start();
    const [ada, bob, eve] = [
      await Person.connect(app, 'ada'),
      await Person.connect(app, 'bob'),
      await Person.connect(app, 'eve'),
    ];
    for (const person of [ada, bob]) await person.subscribe('presence-room');
    expect(await ada.ask({ ...whisper, from: 'bob' })).toMatchObject({ type: 'reply' });
    expect(await bob.untilType('event')).toEqual({ ...whisper, action: undefined, type: 'event', from: 'ada' });
    expect(await eve.ask(whisper)).toMatchObject({ code: 'not-subscribed' });
    expect((await eve.settledNews()).concat(await ada.settledNews()).filter(({ type }) => type === 'event')).toEqual(
      [],
    );
  });

  it('is for members of channels that allow it only, whom the rule would let in still', async () => {
    let isIn = true;
    const app = await channelApp({
      room: {},
      'private-quiet': { authorize: () => true, whisper: false },
      'private-room': { authorize: () => isIn },
    }).start();
    const ada = await Person.connect(app, 'ada');
    for (const channel of ['room', 'private-quiet', 'private-room']) await ada.subscribe(channel);
    expect(await ada.ask({ ...whisper, channel: 'room' })).toMatchObject({ code: 'forbidden' });
    expect(await ada.ask({ ...whisper, channel: 'private-quiet' })).toMatchObject({ code: 'forbidden' });
    expect(await ada.ask({ ...whisper, channel: 'private-room' })).toMatchObject({ type: 'reply' });
    isIn = false;
    expect(await ada.ask({ ...whisper, channel: 'private-room' })).toMatchObject({ code: 'forbidden' });
  });

  it('is refused when there are too many, and other requests are not', async () => {
    const clock = new ManualClock();
    const app = await channelApp({ 'presence-room': named }, { clock, channels: { whispersPerSecond: 2 } }).start();
    const ada = await Person.connect(app, 'ada');
    await ada.subscribe('presence-room');
    for (let count = 0; count < 4; count++) expect(await ada.ask(whisper)).toMatchObject({ type: 'reply' });
    expect(await ada.ask(whisper)).toMatchObject({ code: 'rate-limited', retry: true, retryAfterMs: 500 });
    expect(await ada.ask({ action: 'publish', channel: 'presence-room', data: 1 })).toMatchObject({
      type: 'published',
    });
    await clock.advance(500);
    expect(await ada.ask(whisper)).toMatchObject({ type: 'reply' });
  });
});
