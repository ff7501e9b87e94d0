import { channelOf, connectionId, ENDPOINT, userId } from './population.js';
import { RedisServer } from './redis-server.js';

const BATCH = 1_000;
const IDLE_MS = 93_600_000;
const SHORT_ENDPOINT = 'a1b2c3d4e5.eu-west-1/production';

const uuid = (index) => `7c9e6679-7425-40de-944b-${String(index).padStart(12, '0')}`;

const record = `redis.call('HSET', 'websocket:connection:' .. id, 'until', '1767315600000', 'at', '1767225600000',
  'endpoint', endpoint, 'user', user) keep('websocket:connection:' .. id)`;
const field = `redis.call('HSET', 'websocket:connection:' .. id, '#' .. channel, 1)`;
const index = `redis.call('ZADD', 'websocket:connections', 1767225600000, id)`;
const members = `redis.call('SADD', 'websocket:channels:' .. channel, id)`;
const sharedUsers = `local users = 'websocket:users:' .. tonumber(string.sub(redis.sha1hex(user), 1, 4), 16) % 16384
  redis.call('ZADD', users, 0, user .. ' ' .. id) keep(users)`;
const ofUser = (command) => `redis.call(${command}) keep('websocket:users:' .. user)`;

/** Ways to keep connections: what the store does, what that is made of, and what else it might do. */
const layouts = {
  'the record alone': [record],
  '+ its channel as a field': [record, field],
  '+ the sorted set of all': [record, field, index],
  "+ the channel's set": [record, field, index, members],
  '+ the sorted sets of users: the store': [record, field, index, members, sharedUsers],
  'a sorted set for each user': [record, field, index, members, ofUser(`'ZADD', 'websocket:users:' .. user, 0, id`)],
  'a hash for each user': [record, field, index, members, ofUser(`'HSET', 'websocket:users:' .. user, id, ''`)],
  'a set for each user': [record, field, index, members, ofUser(`'SADD', 'websocket:users:' .. user, id`)],
  'the endpoint written out': {
    parts: [record, field, index, members, sharedUsers],
    endpoint: ENDPOINT,
  },
  'a set of channels for each connection': [
    record,
    `redis.call('SADD', 'websocket:connection:' .. id .. ':channels', channel) keep('websocket:connection:' .. id .. ':channels')`,
    index,
    members,
    sharedUsers,
  ],
  "UUIDs as users' ids": { parts: [record, field, index, members, sharedUsers], user: uuid },
  "ids of 48 characters as users' ids": {
    parts: [record, field, index, members, sharedUsers],
    user: (index) => `eu-west-1%3A${uuid(index)}`,
  },
};

/** Bytes of memory per connection of each layout, by size. Written by commands of Redis in the same order as the store would. */
export async function measureLayouts(sizes) {
  const server = await RedisServer.start();
  const bytes = {};
  for (const [name, layout] of Object.entries(layouts)) {
    const { parts = layout, endpoint = SHORT_ENDPOINT, user = userId } = layout;
    for (const size of sizes) {
      const write = (start, end) => {
        const rows = Array.from({ length: end - start }, (_, offset) => start + offset);
        const values = rows.flatMap((row) => [connectionId(row), user(row), channelOf(row)]);
        return server.admin.eval(scriptOf(parts), { keys: [], arguments: [endpoint, ...values] });
      };
      // The first call of each command makes the statistics that the server keeps of it: not the connections'.
      await write(0, 1);
      await server.admin.flushAll('SYNC');
      const empty = await server.usedMemory();
      for (let start = 0; start < size; start += BATCH) await write(start, Math.min(size, start + BATCH));
      (bytes[name] ??= {})[size] = ((await server.usedMemory()) - empty) / size;
      await server.admin.flushAll('SYNC');
    }
  }
  await server.stop();
  return bytes;
}

const scriptOf = (parts) => `
local endpoint = ARGV[1]
local function keep(key) redis.call('PEXPIRE', key, ${IDLE_MS}) end
for i = 2, #ARGV, 3 do
  local id, user, channel = ARGV[i], ARGV[i + 1], ARGV[i + 2]
  ${parts.map((part) => `do ${part} end`).join('\n  ')}
end`;
