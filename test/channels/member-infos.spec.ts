import { beforeEach, describe, expect, it } from '@jest/globals';
import { EventEmitter2 } from '@nestjs/event-emitter';
import { createCache } from 'cache-manager';
import { ChannelPresence } from '../../src/channels/channel.presence.js';
import { ChannelRegistry } from '../../src/channels/channel.registry.js';
import { MemberInfos } from '../../src/channels/member.infos.js';
import { ConnectionLifecycle } from '../../src/connections/connection.lifecycle.js';
import { EventPublisher } from '../../src/events/event.publisher.js';
import { MessageSender } from '../../src/fanout/message.sender.js';
import { CacheConnectionStore, type Connection, StoreUnavailableError } from '../../src/index.js';
import { Log } from '../../src/logging/log.js';
import { OutageLog } from '../../src/logging/outage.log.js';
import { resolveChannelsOptions } from '../../src/options/channels.options-resolver.js';
import { OptionsReader } from '../../src/options/options.reader.js';
import { ManualClock } from '../support/manual.clock.js';
import { HookedStore } from './hooked.store.js';

const ROOM = 'presence-room';
const INFO = '{"name":"Ada"}';

let hooks: HookedStore;
let infos: MemberInfos;
let presence: ChannelPresence;
let lifecycle: ConnectionLifecycle;

beforeEach(() => {
  const clock = new ManualClock();
  const log = new Log();
  hooks = new HookedStore(new CacheConnectionStore(createCache()));
  infos = new MemberInfos();
  const emitter = new EventEmitter2();
  const publisher = new EventPublisher(() => emitter);
  const sender = new MessageSender(
    {
      within: (_, work) => work({}),
      deliver: async () => ({ isAborted: false, outage: null }),
      deliverHere: async () => null,
    },
    1_000_000,
  );
  const rules = { [ROOM]: { authorize: () => true } };
  const options = resolveChannelsOptions(new OptionsReader({ channels: { rules } }, ''));
  const registry = new ChannelRegistry(options, clock, log);
  const outages = new OutageLog(log, clock, 'presence.untold', 'It could not be told who is in a channel');
  presence = new ChannelPresence(hooks.store, registry, sender, publisher, outages, infos);
  lifecycle = new ConnectionLifecycle(hooks.store, publisher, clock, {
    maxChannelsPerConnection: 100,
    goneGracePeriodMs: 0,
  });
  lifecycle.observeMemberships(presence);
});

async function stored(connectionId: string, endpoint = 'local:here'): Promise<Connection> {
  const connection = { connectionId, userId: 'ada', connectedAt: 0, routeKey: '$connect', channels: [], endpoint };
  await hooks.store.add(connection);
  return connection;
}

/** A client that subscribed. */
async function subscribed(connectionId: string): Promise<Connection> {
  const connection = await stored(connectionId);
  await lifecycle.enter(connectionId, ROOM);
  expect(await presence.enter(connection, ROOM, INFO).result).toBe('appeared');
  expect(infos.get(connectionId, ROOM)).toBe(INFO);
  return connection;
}

const end = (connectionId: string): Promise<boolean> => lifecycle.endQuietly(connectionId, { cause: 'client' });

describe('what a process keeps of the members whose sockets it holds', () => {
  it('is forgotten when they end or leave', async () => {
    await subscribed('a');
    await end('a');
    await subscribed('b');
    await lifecycle.leave('b', ROOM);
    expect(infos.size).toBe(0);
  });

  it('is forgotten of a connection that ended before it entered', async () => {
    const connection = await stored('a');
    await lifecycle.enter('a', ROOM);
    await end('a');
    expect(await presence.enter(connection, ROOM, INFO).result).toBe('not-in-channel');
    expect(infos.size).toBe(0);
  });

  it('is forgotten of a connection that ended before the store failed to let it enter', async () => {
    const connection = await stored('a');
    await lifecycle.enter('a', ROOM);
    await end('a');
    hooks.fail('presence.enter');
    await expect(presence.enter(connection, ROOM, INFO).result).rejects.toBeInstanceOf(StoreUnavailableError);
    expect(infos.size).toBe(0);
  });

  it('stays when the store fails to let a member enter once more', async () => {
    const connection = await subscribed('a');
    hooks.fail('presence.enter');
    await expect(presence.enter(connection, ROOM, '{"name":"Countess"}').result).rejects.toBeInstanceOf(
      StoreUnavailableError,
    );
    expect(infos.get('a', ROOM)).toBe('{"name":"Countess"}');
  });

  it('is forgotten of a connection whose channels the store lost before it ended', async () => {
    const connection = await subscribed('a');
    await hooks.store.leave('a', ROOM);
    expect(await lifecycle.heal(connection)).toBe('present');
    await end('a');
    expect(infos.size).toBe(0);
  });

  it('is forgotten when the store does not hear of their end, and nobody will tell it later', async () => {
    await subscribed('a');
    hooks.fail('remove');
    await expect(end('a')).rejects.toBeInstanceOf(StoreUnavailableError);
    expect(infos.size).toBe(0);
  });

  it('is nothing of those whom the application joins: they may be another process’s, which says here when they end', async () => {
    await stored('a', 'local:elsewhere');
    expect(await lifecycle.join('a', ROOM)).toBe(true);
    expect(await lifecycle.leave('a', ROOM)).toBe(true);
    expect(await lifecycle.join('a', ROOM)).toBe(true);
    expect(infos.size).toBe(0);
  });
});
