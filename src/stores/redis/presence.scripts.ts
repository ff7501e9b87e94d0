import { RedisScript } from './redis.script.js';
import { PRELUDE, REAP_LIMIT } from './script.prelude.js';

/**
 * A channel has a sorted set of `{member} {connection id}`, all with the same score, so that those of a member stand together, and a hash of what is
 * known of each member who is present. By whom a connection makes somebody present is in its record, as `@{channel}`, and goes with the
 * record, or when it leaves the channel, in the same step. Its entry stays then until it exits; entries count for nothing by themselves.
 */
const PRESENCE = `
local channel = ARGV[4]
local entries, infos = entriesOf(channel), infosOf(channel)

-- Looks at two entries: those whose connections ended more than a minute ago, and that nobody exited, go faster than they come.
local function tidy()
  for _, entry in ipairs(redis.call('ZRANDMEMBER', entries, 2)) do
    local member, id = partsOf(entry)
    if redis.call('EXISTS', recordOf(id), tombstoneOf(id)) == 0 then
      redis.call('ZREM', entries, entry)
      withdraw(channel, member, id)
    end
  end
end
`;

const script = (operation: string, lua: string): RedisScript =>
  new RedisScript(operation, [PRELUDE, PRESENCE, lua].join('\n'), true);

/**
 * Every step of a presence ledger. The first argument of each is the channel. A step that is repeated because its answer was lost rather says
 * a second time that somebody appeared, or vanished, than never.
 */
export const PresenceScripts = Object.freeze({
  /** Arguments: connection id, member, info, and whether to keep that of a member who is present instead ('' for no). */
  enter: script(
    'enter a presence channel',
    `local id, member = ARGV[5], ARGV[6]
     local expiry, joined, by = unpack(redis.call('HMGET', recordOf(id), 'until', '#' .. channel, '@' .. channel))
     if not joined or not expiry or tonumber(expiry) <= now then return 'not-in-channel' end
     local wasPresent = (by == member and not isRepeat) or isPresent(channel, member, id)
     redis.call('HSET', recordOf(id), '@' .. channel, member)
     redis.call('ZADD', entries, 0, member .. ' ' .. id)
     redis.call(ARGV[8] ~= '' and wasPresent and 'HSETNX' or 'HSET', infos, member, ARGV[7])
     if by and by ~= member then
       redis.call('ZREM', entries, by .. ' ' .. id)
       withdraw(channel, by, id)
     end
     keep(entries)
     keep(infos)
     tidy()
     return wasPresent and 'present' or 'appeared'`,
  ),

  /** Arguments: connection id, member. */
  exit: script(
    'exit a presence channel',
    `local id, member = ARGV[5], ARGV[6]
     if redis.call('ZREM', entries, member .. ' ' .. id) == 0 and not isRepeat then return 'absent' end
     if redis.call('HGET', recordOf(id), '@' .. channel) == member then redis.call('HDEL', recordOf(id), '@' .. channel) end
     if isPresent(channel, member, id) then return 'present' end
     redis.call('HDEL', infos, member)
     return 'vanished'`,
  ),

  /**
   * Arguments: the last entry and the last member before ('' to start), how many entries. Returns the last entry ('' at the end) and the last member,
   * members, and their infos.
   */
  members: script(
    'list the members of a presence channel',
    `local last, shown, limit = ARGV[5], ARGV[6], tonumber(ARGV[7])
     local page = redis.call('ZRANGEBYLEX', entries, last == '' and '-' or '(' .. last, '+', 'LIMIT', 0, limit)
     local found = {}
     for _, entry in ipairs(page) do
       local member, id = partsOf(entry)
       if member ~= shown and isThere(channel, member, id) then
         shown = member
         found[#found + 1] = member
       end
     end
     return {#page == limit and page[limit] or '', shown, found, #found > 0 and redis.call('HMGET', infos, unpack(found)) or {}}`,
  ),

  /** Arguments: how many unexpired connections to pass over. Returns whether others may have expired, how many more to pass over, and the count. */
  count: script(
    'count the members of a presence channel',
    `local kept, hasMore = reap(${REAP_LIMIT}, tonumber(ARGV[5]))
     return {hasMore and 1 or 0, kept, redis.call('HLEN', infos)}`,
  ),
});
