/** How many connections one step takes away at most if they have expired: it must not keep other clients waiting. */
export const REAP_LIMIT = 200;

/** How many fields of records (a connection has some of its own and one for each channel) it takes away at most, for the same reason. */
const REAP_FIELDS = 1_000;

/**
 * What every script starts with. KEYS[1] is the sorted set of all connections. The first two arguments are taken away at once: the time of Redis (epoch
 * ms) after which the step must do nothing, since its caller has been told that it failed; and whether it is a repetition, whose first try may
 * have done everything, only that the answer was lost. Then ARGV[1] is the time of the store (epoch ms),
 * ARGV[2] the lifetime of a record that nothing touches, ARGV[3] after how long Redis drops keys that nobody writes, both in ms.
 *
 * The other keys are made here, since which of them a step needs (the channels of a connection) is known to Redis alone. They share a slot
 * with KEYS[1]: on a cluster the prefix is a hash tag.
 */
export const PRELUDE = `
local seconds, microseconds = unpack(redis.call('TIME'))
local time = seconds * 1000 + math.floor(microseconds / 1000)
if time > tonumber(table.remove(ARGV, 1)) then return redis.error_reply(string.format('LATE %.0f', time)) end

local isRepeat = table.remove(ARGV, 1) ~= ''
local connections = KEYS[1]
local prefix = string.sub(connections, 1, -#'connections' - 1)
local names = prefix .. 'channels'
local now, lifetime, idle = tonumber(ARGV[1]), tonumber(ARGV[2]), ARGV[3]
local lastSeenOfExpired = string.format('%.0f', now - lifetime)

local function recordOf(id) return prefix .. 'connection:' .. id end
local function membersOf(channel) return prefix .. 'channels:' .. channel end
local function tombstoneOf(id) return prefix .. 'removed:' .. id end
-- Who is present in a channel, and what is known of them.
local function entriesOf(channel) return prefix .. 'presence:' .. channel end
local function infosOf(channel) return prefix .. 'members:' .. channel end
-- A key for each user would take more memory than all that is in it, so up to some dozens of users share one. And an entry of more than 64 bytes
-- would double what its neighbours take, so users are in it as a part of their hash; the record tells who it really is.
local function indexOf(user, id)
  local hash = redis.sha1hex(user)
  return prefix .. 'users:' .. tonumber(string.sub(hash, 1, 4), 16) % 16384, string.sub(hash, 5, 16) .. ' ' .. (id or '')
end

local function forget(id, channel)
  if redis.call('SREM', membersOf(channel), id) == 1 and redis.call('EXISTS', membersOf(channel)) == 0 then
    redis.call('SREM', names, channel)
  end
end

-- What entries of a member are between. Neither can be in an encoded name, and there is nothing between them.
local function rangeOf(member) return '[' .. member .. ' ', '(' .. member .. '!' end

local function partsOf(entry)
  local blank = string.find(entry, ' ', 1, true)
  return string.sub(entry, 1, blank - 1), string.sub(entry, blank + 1)
end

-- Whether the member is present in a channel by this connection: its record says so.
local function isThere(channel, member, id)
  local expiry, by = unpack(redis.call('HMGET', recordOf(id), 'until', '@' .. channel))
  return by == member and expiry and tonumber(expiry) > now
end

-- Whether the member is present by a connection other than this one. What stands in front of that and does not count any more is taken away.
local function isPresent(channel, member, except)
  local entries, from, to = entriesOf(channel), rangeOf(member)
  while true do
    local page = redis.call('ZRANGEBYLEX', entries, from, to, 'LIMIT', 0, 10)
    local last
    for _, entry in ipairs(page) do
      local _, id = partsOf(entry)
      if id == except then last = entry
      elseif isThere(channel, member, id) then return true
      else redis.call('ZREM', entries, entry) end
    end
    if #page < 10 then return false end
    if last then from = '(' .. last end
  end
end

-- A connection is out of a channel by which a member was present. Its entry stays, for its exit to find.
local function withdraw(channel, member, id)
  if not isPresent(channel, member, id) then redis.call('HDEL', infosOf(channel), member) end
end

local function erase(id, record)
  redis.call('ZREM', connections, id)
  redis.call('DEL', recordOf(id))
  for i = 1, #record, 2 do
    local field, value = record[i], record[i + 1]
    local kind = string.sub(field, 1, 1)
    if kind == '#' then forget(id, string.sub(field, 2))
    elseif kind == '@' then withdraw(string.sub(field, 2), value, id)
    elseif field == 'user' then redis.call('ZREM', indexOf(value, id)) end
  end
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

-- When a connection was removed, if less than a minute ago, and its record.
local function buried(id)
  local tombstone = redis.call('GET', tombstoneOf(id))
  if not tombstone then return nil end
  local blank = string.find(tombstone, ' ', 1, true)
  return tonumber(string.sub(tombstone, 1, blank - 1)), cmsgpack.unpack(string.sub(tombstone, blank + 1))
end

local function isAlive(id)
  local expiry = redis.call('HGET', recordOf(id), 'until')
  return expiry and tonumber(expiry) > now
end

-- Whether there is a connection that may have expired.
local function hasOld()
  return #redis.call('ZRANGEBYSCORE', connections, '-inf', lastSeenOfExpired, 'LIMIT', 0, 1) > 0
end

-- Those of the ids whose connection counts. Looks at each record only if one of them is missing, or may have expired.
local function alive(ids)
  if #ids == 0 then return ids end
  local records = {}
  for i, id in ipairs(ids) do records[i] = recordOf(id) end
  if not hasOld() and redis.call('EXISTS', unpack(records)) == #ids then return ids end
  local counting = {}
  for _, id in ipairs(ids) do
    if isAlive(id) then counting[#counting + 1] = id end
  end
  return counting
end

-- Takes expired connections away, and ids that have no record (Redis may have evicted it). Whoever was last seen within the lifetime has not
-- expired; of the others, those registered late stay, and the next step is to start behind them. Returns how many stay, and whether there
-- may be more to take.
local function reap(limit, skip)
  local ids = redis.call('ZRANGEBYSCORE', connections, '-inf', lastSeenOfExpired, 'LIMIT', skip, limit)
  local kept, fields = 0, 0
  for _, id in ipairs(ids) do
    if fields > ${REAP_FIELDS} then return kept, true end
    fields = fields + redis.call('HLEN', recordOf(id))
    if read(id) then kept = kept + 1 else redis.call('ZREM', connections, id) end
  end
  return kept, #ids == limit
end

-- Tells the node that holds a connection's socket of a channel that it joined ('+') or left ('-'). Where Redis does not allow that, it looks by itself.
local function tellNode(record, what, id, channel)
  for i = 1, #record, 2 do
    if record[i] == 'endpoint' then
      local node = string.match(record[i + 1], '^local:([%w-]+)$')
      if node then redis.pcall('PUBLISH', prefix .. 'node:' .. node, what .. id .. ' ' .. channel) end
      return
    end
  end
end

local function keep(key) redis.call('PEXPIRE', key, idle) end

-- Whether a comes after b in a sorted set. Lua's own comparison goes by the language that the server runs in, a sorted set by bytes.
local function isBehind(a, b)
  for i = 1, math.min(#a, #b) do
    local ofA, ofB = string.byte(a, i), string.byte(b, i)
    if ofA ~= ofB then return ofA > ofB end
  end
  return #a > #b
end
`;
