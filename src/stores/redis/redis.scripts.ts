import { TOMBSTONE_MS } from '../tombstone.js';
import { RedisScript } from './redis.script.js';
import { PRELUDE, REAP_LIMIT } from './script.prelude.js';

/** A connection as arguments: its id, when it was last seen, its user ('' for none), and the other fields of its record. */
const WRITE = `
local id, seenAt, user = ARGV[4], ARGV[5], ARGV[6]
local expiry = string.format('%.0f', now + lifetime)
-- Whether the record is what the first try wrote: its expiry tells the time of that, to the millisecond.
local function wasWritten() return redis.call('HGET', recordOf(id), 'until') == expiry end
local function write()
  redis.call('ZADD', connections, seenAt, id)
  keep(connections)
  redis.call('HSET', recordOf(id), 'until', expiry, unpack(ARGV, 7))
  if user ~= '' then
    redis.call('HSET', recordOf(id), 'user', user)
    local users, entry = indexOf(user, id)
    redis.call('ZADD', users, 0, entry)
    keep(users)
  end
  keep(recordOf(id))
  -- A store that nobody counts and nobody sweeps gets rid of what has expired faster than it grows.
  reap(2, 0)
end
`;

/** The most members of a channel that one step looks at. */
const ROOM_SIZE = 1_000;

const script = (operation: string, ...lua: string[]): RedisScript =>
  new RedisScript(operation, [PRELUDE, ...lua].join('\n'), true);

/** For a step that cannot tell whether what it finds is what its first try left. */
const unrepeatable = (operation: string, lua: string): RedisScript =>
  new RedisScript(operation, [PRELUDE, lua].join('\n'), false);

/** Every operation of the store. Ids, users and channels go in and come out encoded. */
export const RedisScripts = Object.freeze({
  add: script(
    'add a connection',
    WRITE,
    `if read(id) then return isRepeat and wasWritten() and 1 or 0 end
     write()
     return 1`,
  ),

  ensure: script(
    'restore a connection',
    WRITE,
    `if isAlive(id) then return isRepeat and wasWritten() and 'restored' or 'present' end
     read(id)
     local removedAt = buried(id)
     if removedAt and removedAt > now - ${TOMBSTONE_MS} then return 'removed' end
     write()
     return 'restored'`,
  ),

  remove: script(
    'remove a connection',
    `local id = ARGV[4]
     local record = read(id)
     if not record then
       redis.call('ZREM', connections, id)
       local removedAt, removed = buried(id)
       -- By the first try, at this very time.
       return isRepeat and removedAt == now and removed or {}
     end
     erase(id, record)
     redis.call('SET', tombstoneOf(id), ARGV[1] .. ' ' .. cmsgpack.pack(record), 'PX', ${TOMBSTONE_MS})
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
  join: unrepeatable(
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
       -- Some of the members may have expired. In a room each is looked at; in a crowd those that would be next to go.
       if redis.call('SCARD', membersOf(channel)) > ${ROOM_SIZE} then reap(${REAP_LIMIT}, 0)
       elseif hasOld() then
         for _, member in ipairs(redis.call('SMEMBERS', membersOf(channel))) do read(member) end
       end
       if redis.call('SCARD', membersOf(channel)) >= maxMembers then return 'full' end
     end
     redis.call('HSET', recordOf(id), '#' .. channel, last + 1)
     redis.call('SADD', membersOf(channel), id)
     redis.call('SADD', names, channel)
     keep(membersOf(channel))
     keep(names)
     tellNode(record, '+', id, channel)
     return 'joined'`,
  ),

  leave: unrepeatable(
    'leave a channel',
    `local id, channel = ARGV[4], ARGV[5]
     local record = read(id)
     if not record then return 'unknown-connection' end
     local left = redis.call('HDEL', recordOf(id), '#' .. channel)
     -- Also where the record does not know of it: Redis may have evicted the one that did.
     forget(id, channel)
     if left == 0 then return 'not-a-member' end
     for i = 1, #record, 2 do
       if record[i] == '@' .. channel then
         redis.call('HDEL', recordOf(id), record[i])
         withdraw(channel, record[i + 1], id)
       end
     end
     tellNode(record, '-', id, channel)
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
       elseif string.sub(field, 1, 1) == '@' then
         keep(entriesOf(string.sub(field, 2)))
         keep(infosOf(string.sub(field, 2)))
       elseif field == 'user' then keep((indexOf(record[i + 1]))) end
     end`,
  ),

  /** Arguments: how many unexpired ones to pass over. Returns whether there is more to take away, how many more to pass over, and the count. */
  count: script(
    'count connections',
    `local kept, hasMore = reap(${REAP_LIMIT}, tonumber(ARGV[4]))
     return {hasMore and 1 or 0, kept, redis.call('ZCARD', connections)}`,
  ),

  /** Arguments: cursor, about how many. Returns the next cursor and ids. */
  connections: script(
    'list connections',
    `local page = redis.call('ZSCAN', connections, ARGV[4], 'COUNT', ARGV[5])
     local ids = {}
     for i = 1, #page[2], 2 do ids[#ids + 1] = page[2][i] end
     local counting = alive(ids)
     if #counting < #ids then
       for _, id in ipairs(ids) do
         if redis.call('EXISTS', recordOf(id)) == 0 then redis.call('ZREM', connections, id) end
       end
     end
     return {page[1], counting}`,
  ),

  /**
   * Arguments: cursor, about how many, channel ('' for all connections). Returns the next cursor, and of each id that counts the id, when it
   * connected, and its endpoint ('' for none), in turn.
   */
  recipients: script(
    'list recipients',
    `local channel, isSet = ARGV[6], ARGV[6] ~= ''
     local page = isSet and redis.call('SSCAN', membersOf(channel), ARGV[4], 'COUNT', ARGV[5])
       or redis.call('ZSCAN', connections, ARGV[4], 'COUNT', ARGV[5])
     local listed, found, count = page[2], {}, 0
     for i = 1, #listed, isSet and 1 or 2 do
       local id = listed[i]
       local at, endpoint, expiry, isMember =
         unpack(redis.call('HMGET', recordOf(id), 'at', 'endpoint', 'until', isSet and '#' .. channel or 'at'))
       if not isMember then
         if isSet then forget(id, channel) else redis.call('ZREM', connections, id) end
       elseif tonumber(expiry) > now then
         found[count + 1], found[count + 2], found[count + 3] = id, at, endpoint or ''
         count = count + 3
       end
     end
     return {page[1], found}`,
  ),

  /** Arguments: cursor, about how many, channel. Returns the next cursor and ids. */
  members: script(
    'list the members of a channel',
    `local page = redis.call('SSCAN', membersOf(ARGV[6]), ARGV[4], 'COUNT', ARGV[5])
     local channel, ids, mayExpire = ARGV[6], {}, hasOld()
     for _, id in ipairs(page[2]) do
       -- By its record: one that Redis evicted may have been registered again since, in no channel.
       if redis.call('HEXISTS', recordOf(id), '#' .. channel) == 0 then forget(id, channel)
       elseif not mayExpire or isAlive(id) then ids[#ids + 1] = id end
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
    `local user, limit, last = ARGV[4], tonumber(ARGV[5]), ARGV[6]
     local users, start = indexOf(user)
     local from = last == '' and '[' .. start or '(' .. start .. last
     local entries = redis.call('ZRANGEBYLEX', users, from, '(' .. string.sub(start, 1, -2) .. '!', 'LIMIT', 0, limit)
     local ids = {}
     for _, entry in ipairs(entries) do
       last = string.sub(entry, #start + 1)
       local owner = redis.call('HGET', recordOf(last), 'user')
       if owner == user then ids[#ids + 1] = last
       elseif not owner then redis.call('ZREM', users, entry) end
     end
     return {#entries, last, alive(ids)}`,
  ),

  /** Fails where a connect would: where Redis takes no writes, has no room, or holds something else under the key. */
  ping: script(
    'reach the store',
    `redis.call('ZCARD', connections)
     redis.call('SET', prefix .. 'ping', ARGV[1], 'PX', 1000)
     return 1`,
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
         if isBehind(redis.call('ZRANGE', connections, middle, middle)[1], last) then behind = middle else first = middle + 1 end
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
