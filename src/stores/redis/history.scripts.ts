import { RedisScript } from './redis.script.js';
import { PRELUDE } from './script.prelude.js';

/**
 * A stream is a hash of its `epoch`, the number of its last message (`offset`), when that came (`at`), and when the stream is forgotten (`until`);
 * its messages are a list of `{when it came} {message}`, whose last is the last of the stream.
 */
const HISTORY = `
local stream, kept = prefix .. 'stream:' .. ARGV[4], prefix .. 'history:' .. ARGV[4]

local function load()
  local epoch, offset, at, til = unpack(redis.call('HMGET', stream, 'epoch', 'offset', 'at', 'until'))
  if not epoch or tonumber(til) <= now then return nil end
  return epoch, tonumber(offset), tonumber(at)
end

local function isOlder(entry, age)
  return tonumber(string.sub(entry, 1, string.find(entry, ' ', 1, true) - 1)) + tonumber(age) <= now
end
`;

const sourceOf = (lua: string): string => [PRELUDE, HISTORY, lua].join('\n');

/** Every step of a history. The first argument of each is the channel. */
export const HistoryScripts = Object.freeze({
  /** Arguments: message, the epoch of a stream that begins, how many are kept, for how long (ms), for how long the stream is remembered (ms). */
  append: new RedisScript(
    'append to the history of a channel',
    sourceOf(
      `local epoch, offset, at = load()
       if not epoch then
         redis.call('DEL', stream, kept)
         epoch, offset, at = ARGV[6], 0, now
       end
       local most, age, memory = tonumber(ARGV[7]), ARGV[8], tonumber(ARGV[9])
       -- A clock that is behind does not make a message older than the one before it.
       at = string.format('%.0f', math.max(at, now))
       offset = string.format('%.0f', offset + 1)
       redis.call('HSET', stream, 'epoch', epoch, 'offset', offset, 'at', at, 'until', string.format('%.0f', now + memory))
       redis.call('PEXPIRE', stream, ARGV[9])
       redis.call('RPUSH', kept, at .. ' ' .. ARGV[5])
       if most > 0 then redis.call('LTRIM', kept, -most, -1) else redis.call('DEL', kept) end
       local first = redis.call('LINDEX', kept, 0)
       while first and isOlder(first, age) do
         redis.call('LPOP', kept)
         first = redis.call('LINDEX', kept, 0)
       end
       redis.call('PEXPIRE', kept, age)
       return {epoch, offset}`,
    ),
    // Whether a message that is there is the one whose answer was lost, nobody knows.
    false,
  ),

  /** Arguments: epoch, offset, how many at most, not older than (ms). Returns the epoch, the last number, and messages up to it. */
  since: new RedisScript(
    'read the history of a channel',
    sourceOf(
      `local epoch, last = load()
       if epoch ~= ARGV[5] then return false end
       local missing = last - tonumber(ARGV[6])
       if missing < 0 or missing > tonumber(ARGV[7]) then return false end
       local found = missing > 0 and redis.call('LRANGE', kept, -missing, -1) or {}
       if #found < missing or (missing > 0 and isOlder(found[1], ARGV[8])) then return false end
       return {epoch, last, found}`,
    ),
    true,
  ),

  /** Arguments: how many at most, not older than (ms). Returns the epoch, the last number, and messages up to it. */
  last: new RedisScript(
    'read the last messages of a channel',
    sourceOf(
      `local epoch, last = load()
       if not epoch then return false end
       local limit = tonumber(ARGV[5])
       local found = limit > 0 and redis.call('LRANGE', kept, -limit, -1) or {}
       local recent = {}
       for _, entry in ipairs(found) do
         if #recent > 0 or not isOlder(entry, ARGV[6]) then recent[#recent + 1] = entry end
       end
       return {epoch, last, recent}`,
    ),
    true,
  ),
});
