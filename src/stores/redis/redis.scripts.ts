import { TOMBSTONE_MS } from '../tombstone.js';
import { RedisScript } from './redis.script.js';

/** How many expired connections one step takes away at most: it must not keep other clients waiting. */
export const REAP_LIMIT = 200;

/**
 * What every script starts with. KEYS[1] is the sorted set of all connections, ARGV[1] the time (epoch ms), ARGV[2] the lifetime of a record
 * that nothing touches, ARGV[3] after how long Redis drops keys that nobody writes, all in ms.
 *
 * The other keys are made here, since which of them a step needs (the channels of a connection) is known to Redis alone. They share a slot
 * with KEYS[1]: on a cluster the prefix is a hash tag.
 */
const PRELUDE = `
local connections = KEYS[1]
local prefix = string.sub(connections, 1, -#'connections' - 1)
local names = prefix .. 'channels'
local now, lifetime, idle = tonumber(ARGV[1]), tonumber(ARGV[2]), ARGV[3]
local lastSeenOfExpired = string.format('%.0f', now - lifetime)

local function recordOf(id) return prefix .. 'connection:' .. id end
local function membersOf(channel) return prefix .. 'channels:' .. channel end
local function tombstoneOf(id) return prefix .. 'removed:' .. id end
-- A key for each user would take more memory than all that is in it, so up to some dozens of users share one.
local function usersLike(user)
  return prefix .. 'users:' .. tonumber(string.sub(redis.sha1hex(user), 1, 4), 16) % 16384
end

local function forget(id, channel)
  if redis.call('SREM', membersOf(channel), id) == 1 and redis.call('EXISTS', membersOf(channel)) == 0 then
    redis.call('SREM', names, channel)
  end
end

local function erase(id, record)
  for i = 1, #record, 2 do
    local field = record[i]
    if string.sub(field, 1, 1) == '#' then forget(id, string.sub(field, 2))
    elseif field == 'user' then redis.call('ZREM', usersLike(record[i + 1]), record[i + 1] .. ' ' .. id) end
  end
  redis.call('ZREM', connections, id)
  redis.call('DEL', recordOf(id))
end

local function hasExpired(record)
  for i = 1, #record, 2 do
    if record[i] == 'until' then return tonumber(record[i + 1]) <= now end
  end
  return false
end

-- The record of a connection that counts, as HGETALL gives it; one that has expired goes.
local function read(id)
  local record = redis.call('HGETALL', recordOf(id))
  if #record == 0 then return nil end
  if not hasExpired(record) then return record end
  erase(id, record)
  return nil
end

local function isAlive(id)
  local expiry = redis.call('HGET', recordOf(id), 'until')
  return expiry and tonumber(expiry) > now
end

-- Those of the ids whose connection counts. Looks at each record only if one of them is missing, or may have expired.
local function alive(ids)
  if #ids == 0 then return ids end
  local records = {}
  for i, id in ipairs(ids) do records[i] = recordOf(id) end
  local old = redis.call('ZRANGEBYSCORE', connections, '-inf', lastSeenOfExpired, 'LIMIT', 0, 1)
  if #old == 0 and redis.call('EXISTS', unpack(records)) == #ids then return ids end
  local counting = {}
  for _, id in ipairs(ids) do
    if isAlive(id) then counting[#counting + 1] = id end
  end
  return counting
end

-- Takes expired connections away, and ids that have no record (Redis may have evicted it). Whoever was last seen within the lifetime has not
-- expired; of the others, those registered late are kept, and the next step starts behind them. Returns how many it looked at and kept.
local function reap(limit, kept)
  local ids = redis.call('ZRANGEBYSCORE', connections, '-inf', lastSeenOfExpired, 'LIMIT', kept, limit)
  local before = kept
  for _, id in ipairs(ids) do
    if read(id) then kept = kept + 1 else redis.call('ZREM', connections, id) end
  end
  return #ids, kept - before
end

local function keep(key) redis.call('PEXPIRE', key, idle) end
`;

/** A connection as arguments: its id, when it was last seen, its user ('' for none), and the other fields of its record. */
const WRITE = `
local id, seenAt, user = ARGV[4], ARGV[5], ARGV[6]
local function write()
  redis.call('ZADD', connections, seenAt, id)
  keep(connections)
  redis.call('HSET', recordOf(id), 'until', string.format('%.0f', now + lifetime), unpack(ARGV, 7))
  if user ~= '' then
    redis.call('HSET', recordOf(id), 'user', user)
    redis.call('ZADD', usersLike(user), 0, user .. ' ' .. id)
    keep(usersLike(user))
  end
  keep(recordOf(id))
  -- A store that nobody counts and nobody sweeps gets rid of what has expired faster than it grows.
  reap(2, 0)
end
`;

const script = (operation: string, ...lua: string[]): RedisScript =>
  new RedisScript(operation, [PRELUDE, ...lua].join('\n'));

/** Every operation of the store. Ids, users and channels go in and come out encoded. */
export const RedisScripts = Object.freeze({
  add: script(
    'add a connection',
    WRITE,
    `if read(id) then return 0 end
     write()
     return 1`,
  ),

  ensure: script(
    'restore a connection',
    WRITE,
    `if isAlive(id) then return 'present' end
     read(id)
     local removedAt = redis.call('GET', tombstoneOf(id))
     if removedAt and tonumber(removedAt) > now - ${TOMBSTONE_MS} then return 'removed' end
     write()
     return 'restored'`,
  ),

  remove: script(
    'remove a connection',
    `local id = ARGV[4]
     local record = read(id)
     if not record then
       redis.call('ZREM', connections, id)
       return {}
     end
     erase(id, record)
     redis.call('SET', tombstoneOf(id), ARGV[1], 'PX', ${TOMBSTONE_MS})
     return record`,
  ),

  find: script(
    'find connections',
    `local found = {}
     for i = 4, #ARGV do
       local record = redis.call('HGETALL', recordOf(ARGV[i]))
       found[i - 3] = hasExpired(record) and {} or record
     end
     return found`,
  ),

  /** Arguments: id, channel, the most members of the channel, the most channels of the connection ('' for no limit). */
  join: script(
    'join a channel',
    `local id, channel, maxMembers, maxChannels = ARGV[4], ARGV[5], tonumber(ARGV[6]), tonumber(ARGV[7])
     local record = read(id)
     if not record then return 'unknown-connection' end
     local joined, last = 0, 0
     for i = 1, #record, 2 do
       if record[i] == '#' .. channel then return 'already' end
       if string.sub(record[i], 1, 1) == '#' then
         joined = joined + 1
         last = math.max(last, tonumber(record[i + 1]))
       end
     end
     if maxChannels and joined >= maxChannels then return 'limit' end
     if maxMembers and redis.call('SCARD', membersOf(channel)) >= maxMembers then
       reap(${REAP_LIMIT}, 0)
       if redis.call('SCARD', membersOf(channel)) >= maxMembers then return 'full' end
     end
     redis.call('HSET', recordOf(id), '#' .. channel, last + 1)
     redis.call('SADD', membersOf(channel), id)
     redis.call('SADD', names, channel)
     keep(membersOf(channel))
     keep(names)
     return 'joined'`,
  ),

  leave: script(
    'leave a channel',
    `local id, channel = ARGV[4], ARGV[5]
     if not read(id) then return 'unknown-connection' end
     if redis.call('HDEL', recordOf(id), '#' .. channel) == 0 then return 'not-a-member' end
     forget(id, channel)
     return 'left'`,
  ),

  /** Arguments: id, when it was seen. */
  touch: script(
    'touch a connection',
    `local id, seenAt = ARGV[4], ARGV[5]
     local record = read(id)
     if not record then return end
     redis.call('ZADD', connections, 'GT', seenAt, id)
     redis.call('HSET', recordOf(id), 'until', string.format('%.0f', now + lifetime))
     keep(recordOf(id))
     keep(connections)
     for i = 1, #record, 2 do
       local field = record[i]
       if string.sub(field, 1, 1) == '#' then
         keep(membersOf(string.sub(field, 2)))
         keep(names)
       elseif field == 'user' then keep(usersLike(record[i + 1])) end
     end`,
  ),

  /** Arguments: how many unexpired ones to pass over. Returns how many were looked at, how many of them stay, and how many there are. */
  count: script(
    'count connections',
    `local seen, kept = reap(${REAP_LIMIT}, tonumber(ARGV[4]))
     return {seen, kept, redis.call('ZCARD', connections)}`,
  ),

  /** Arguments: cursor, about how many. Returns the next cursor and ids. */
  connections: script(
    'list connections',
    `local page = redis.call('ZSCAN', connections, ARGV[4], 'COUNT', ARGV[5])
     local ids = {}
     for i = 1, #page[2], 2 do ids[#ids + 1] = page[2][i] end
     return {page[1], alive(ids)}`,
  ),

  /** Arguments: cursor, about how many, channel. Returns the next cursor and ids. */
  members: script(
    'list the members of a channel',
    `local page = redis.call('SSCAN', membersOf(ARGV[6]), ARGV[4], 'COUNT', ARGV[5])
     local ids = alive(page[2])
     if #ids < #page[2] then
       for _, id in ipairs(page[2]) do
         if redis.call('EXISTS', recordOf(id)) == 0 then forget(id, ARGV[6]) end
       end
     end
     return {page[1], ids}`,
  ),

  /** Arguments: cursor, about how many. Returns the next cursor, and names and counts in turn. */
  channels: script(
    'list channels',
    `local page = redis.call('SSCAN', names, ARGV[4], 'COUNT', ARGV[5])
     local counts = {}
     for _, channel in ipairs(page[2]) do
       local members = redis.call('SCARD', membersOf(channel))
       if members > 0 then
         counts[#counts + 1] = channel
         counts[#counts + 1] = members
       else redis.call('SREM', names, channel) end
     end
     return {page[1], counts}`,
  ),

  /** Arguments: user, how many, the last id before ('' to start). Returns how many there were, and those of them that count. */
  user: script(
    'list the connections of a user',
    `local user, last = ARGV[4] .. ' ', ARGV[6]
     local from = last == '' and '[' .. user or '(' .. user .. last
     local entries = redis.call('ZRANGEBYLEX', usersLike(ARGV[4]), from, '(' .. ARGV[4] .. '!', 'LIMIT', 0, ARGV[5])
     local ids = {}
     for i, entry in ipairs(entries) do
       ids[i] = string.sub(entry, #user + 1)
       last = ids[i]
       if redis.call('EXISTS', recordOf(last)) == 0 then redis.call('ZREM', usersLike(ARGV[4]), entry) end
     end
     return {#entries, last, alive(ids)}`,
  ),

  /**
   * Arguments: the instant, how many, score and id of the last before ('' to start). Returns ids and scores in turn. Those after the last are
   * found by halving, since the last itself may be gone by now.
   */
  stale: script(
    'list stale connections',
    `local instant, limit, score, last = tonumber(ARGV[4]), tonumber(ARGV[5]), ARGV[6], ARGV[7]
     local first = 0
     if last ~= '' then
       first = redis.call('ZCOUNT', connections, '-inf', '(' .. score)
       local behind = first + redis.call('ZCOUNT', connections, score, score)
       while first < behind do
         local middle = math.floor((first + behind) / 2)
         if redis.call('ZRANGE', connections, middle, middle)[1] <= last then first = middle + 1 else behind = middle end
       end
     end
     local entries = redis.call('ZRANGE', connections, first, first + limit - 1, 'WITHSCORES')
     local stale = {}
     for i = 1, #entries, 2 do
       if tonumber(entries[i + 1]) >= instant then break end
       stale[#stale + 1] = entries[i]
       stale[#stale + 1] = entries[i + 1]
     end
     return stale`,
  ),
});
