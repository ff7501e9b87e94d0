import { RedisScript } from './redis.script.js';
import { PRELUDE } from './script.prelude.js';

/**
 * An entry is a hash of `state`, `groups` (names, with a blank between them) and `until`. Each group is a sorted set of ids by `until`, and those that
 * are due at some time are in one of all ids by that time.
 */
const ADMISSION = `
local due = prefix .. 'admissions'
local function entryOf(id) return prefix .. 'admission:' .. id end
local function groupOf(name) return prefix .. 'admitted:' .. name end

local function load(id)
  local entry = redis.call('HMGET', entryOf(id), 'state', 'groups', 'until')
  if not entry[1] or tonumber(entry[3]) <= now then return nil end
  return {state = entry[1], groups = entry[2]}
end

local function renew(id, groups, til)
  redis.call('HSET', entryOf(id), 'until', til)
  redis.call('PEXPIRE', entryOf(id), string.format('%.0f', math.max(1, tonumber(til) - now + 60000)))
  for name in string.gmatch(groups, '%S+') do
    redis.call('ZADD', groupOf(name), til, id)
    keep(groupOf(name))
  end
end

local function leave(id)
  for name in string.gmatch(redis.call('HGET', entryOf(id), 'groups') or '', '%S+') do redis.call('ZREM', groupOf(name), id) end
  redis.call('ZREM', due, id)
  redis.call('DEL', entryOf(id))
end
`;

const script = (operation: string, lua: string): RedisScript =>
  new RedisScript(operation, [PRELUDE, ADMISSION, lua].join('\n'), true);

/** How many connections one step extends. */
export const EXTEND_AT_ONCE = 100;

/** Every step of an admission ledger. */
export const AdmissionScripts = Object.freeze({
  /** Arguments: id, state, until, dueAt, whether it replaces, what; then name and limit of each group. Returns the number of the group that is full. */
  admit: script(
    'admit a connection',
    `local id, state, til, dueAt = ARGV[4], ARGV[5], ARGV[6], ARGV[7]
     local entry = load(id)
     if ARGV[8] ~= '' and (not entry or (entry.state ~= ARGV[9] and entry.state ~= state)) then return 'changed' end
     for i = 10, #ARGV, 2 do
       local group = groupOf(ARGV[i])
       redis.call('ZREMRANGEBYSCORE', group, '-inf', ARGV[1])
       local isFull = ARGV[i + 1] ~= '' and redis.call('ZCARD', group) >= tonumber(ARGV[i + 1])
       if isFull and not redis.call('ZSCORE', group, id) then return (i - 10) / 2 end
     end
     local groups = entry and entry.groups or ''
     for i = 10, #ARGV, 2 do
       if not string.find(' ' .. groups .. ' ', ' ' .. ARGV[i] .. ' ', 1, true) then groups = groups .. ' ' .. ARGV[i] end
     end
     redis.call('HSET', entryOf(id), 'state', state, 'groups', groups)
     renew(id, groups, til)
     if dueAt == '' then redis.call('ZREM', due, id)
     else
       redis.call('ZADD', due, dueAt, id)
       keep(due)
     end
     return 'admitted'`,
  ),

  /** Arguments: id. */
  find: script(
    'find an admission',
    `local entry = load(ARGV[4])
     return entry and entry.state or false`,
  ),

  /** Arguments: until, then ids. Returns those that are not there. */
  extend: script(
    'extend admissions',
    `local missing = {}
     for i = 5, #ARGV do
       local entry = load(ARGV[i])
       if entry then renew(ARGV[i], entry.groups, ARGV[4]) else missing[#missing + 1] = ARGV[i] end
     end
     if #ARGV > 4 then keep(due) end
     return missing`,
  ),

  /** Arguments: id. */
  release: script(
    'release an admission',
    `local entry = load(ARGV[4])
     leave(ARGV[4])
     return entry and entry.state or false`,
  ),

  /** Arguments: how many at most. Returns ids and states in turn. */
  overdue: script(
    'find overdue admissions',
    `local found = {}
     for _, id in ipairs(redis.call('ZRANGEBYSCORE', due, '-inf', ARGV[1], 'LIMIT', 0, ARGV[4])) do
       local entry = load(id)
       if entry then
         found[#found + 1] = id
         found[#found + 1] = entry.state
       else leave(id) end
     end
     return found`,
  ),
});
