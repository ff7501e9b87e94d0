import { afterEach, describe, expect, it } from '@jest/globals';
import type { PresenceSubscription } from '../../src/client/index.js';
import { clientOf, endScripts, ScriptedServer, statusOf, waitForNothing, type Frame } from './scripted.server.js';

const ada = { id: '42', info: { name: 'Ada' } };
const grace = { id: '43', info: { name: 'Grace' } };

const here =
  (members: readonly object[], memberCount = members.length) =>
  ({ channel }: Frame): Frame => ({ type: 'subscribed', channel, members, memberCount });

function changesOf(room: PresenceSubscription): string[] {
  const changes: string[] = [];
  room.onHere((members) => changes.push(`here ${members.map(({ id }) => id).join()}`));
  room.onJoining(({ id }) => changes.push(`joining ${id}`));
  room.onLeaving(({ id, info }) => changes.push(`leaving ${id} ${JSON.stringify(info)}`));
  return changes;
}

describe('presence', () => {
  afterEach(endScripts);

  it('knows who is there, who comes and who goes, each once', async () => {
    const server = await ScriptedServer.start();
    server.answers['subscribe'] = here([ada]);
    const { client } = clientOf(server.url);
    client.connect();
    const room = client.join('presence-room.1');
    const changes = changesOf(room);
    await room.ready;
    const peer = await server.nextPeer();
    expect(await peer.takes('subscribe')).toMatchObject({ channel: 'presence-room.1', presence: true });
    for (const type of ['joining', 'joining', 'leaving', 'leaving'])
      peer.send({ type, channel: 'presence-room.1', member: type === 'joining' ? grace : { id: '43' } });
    await peer.isRead();
    expect(changes).toEqual(['here 42', 'joining 43', 'leaving 43 {"name":"Grace"}']);
    expect([...room.members.values()]).toEqual([ada]);
    expect(room.memberCount).toBe(1);
  });

  it('takes the list anew after a reconnection', async () => {
    const server = await ScriptedServer.start();
    server.answers['subscribe'] = here([ada]);
    const { client, clock } = clientOf(server.url);
    waitForNothing(client, clock);
    client.connect();
    const room = client.join('presence-room.1');
    const changes = changesOf(room);
    await room.ready;
    server.answers['subscribe'] = here([grace]);
    (await server.nextPeer()).socket.terminate();
    const second = await server.nextPeer();
    await second.takes('subscribe');
    await second.isRead();
    expect(changes).toEqual(['here 42', 'here 43']);
    expect([...room.members.keys()]).toEqual(['43']);
  });

  it('counts those that the list has no room for', async () => {
    const server = await ScriptedServer.start();
    server.answers['subscribe'] = (frame, peer) => {
      peer.send({ type: 'part', id: frame['id'], channel: frame['channel'], members: [grace] });
      return here([ada], 1_500)(frame);
    };
    const { client } = clientOf(server.url);
    client.connect();
    const room = client.join('presence-room.1');
    await room.ready;
    expect([...room.members.keys()]).toEqual(['43', '42']);
    const peer = await server.nextPeer();
    peer.send({ type: 'leaving', channel: 'presence-room.1', member: { id: '99' } });
    await peer.isRead();
    expect(room.memberCount).toBe(1_499);
  });

  it('may be asked for after the subscription', async () => {
    const server = await ScriptedServer.start();
    server.answers['subscribe'] = here([ada]);
    const { client } = clientOf(server.url);
    client.connect();
    await client.subscribe('presence-room.1').ready;
    const room = client.join('presence-room.1');
    const peer = await server.nextPeer();
    expect(await peer.takes('subscribe')).not.toHaveProperty('presence');
    expect(await peer.takes('subscribe')).toMatchObject({ presence: true });
    await peer.isRead();
    expect(room.memberCount).toBe(1);
  });
});

describe('whispers', () => {
  afterEach(endScripts);

  it('come with who whispered, to the listeners of their event', async () => {
    const server = await ScriptedServer.start();
    const { client } = clientOf(server.url);
    client.connect();
    const room = client.subscribe('presence-room.1');
    const heard: unknown[] = [];
    room.onWhisper('typing', (data, from) => heard.push([data, from]));
    await room.ready;
    const peer = await server.nextPeer();
    peer.send({ type: 'event', channel: 'presence-room.1', event: 'typing', data: { on: true }, from: '42' });
    peer.send({ type: 'event', channel: 'presence-room.1', event: 'other', data: 1, from: '42' });
    await peer.isRead();
    expect(heard).toEqual([[{ on: true }, '42']]);
  });

  it('go out without an id, or not at all while there is no subscription', async () => {
    const server = await ScriptedServer.start();
    const { client } = clientOf(server.url);
    client.connect();
    const room = client.subscribe('presence-room.1');
    expect(room.whisper('typing')).toBe(false);
    await room.ready;
    expect(room.whisper('typing', { on: true })).toBe(true);
    expect(await (await server.nextPeer()).takes('event')).toEqual({
      action: 'event',
      channel: 'presence-room.1',
      event: 'typing',
      data: { on: true },
    });
  });

  it('whose refusal nobody waits for is told to onError', async () => {
    const server = await ScriptedServer.start();
    const { client } = clientOf(server.url);
    const codes: string[] = [];
    client.onError(({ code }) => codes.push(code));
    client.connect();
    const peer = await server.nextPeer();
    await statusOf(client, 'connected');
    peer.send({ type: 'error', action: 'event', code: 'rate-limited', message: 'Slow down.', retry: true });
    await peer.isRead();
    expect(codes).toEqual(['rate-limited']);
  });
});
