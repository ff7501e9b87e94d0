import { RedisScript } from './redis.script.js';
import { PRELUDE } from './script.prelude.js';

const script = (operation: string, lua: string): RedisScript =>
  new RedisScript(operation, [PRELUDE, `local key = prefix .. 'claim:' .. ARGV[4]`, lua].join('\n'), true);

/** A claim is a string: until when it stands (epoch ms), and its value. The first argument of each step is its key. */
export const ClaimScripts = Object.freeze({
  /** Arguments: value, for how long (ms). Returns the value that stands, or nothing. */
  claim: script(
    'claim a request',
    `local held = redis.call('GET', key)
     local claim = string.format('%.0f', now + tonumber(ARGV[6])) .. ' ' .. ARGV[5]
     if held then
       local blank = string.find(held, ' ', 1, true)
       -- What the first try left at this very time is its own.
       local isOwn = isRepeat and held == claim
       if not isOwn and tonumber(string.sub(held, 1, blank - 1)) > now then return string.sub(held, blank + 1) end
     end
     redis.call('SET', key, claim, 'PX', ARGV[6])
     return false`,
  ),

  release: script('release a request', `return redis.call('DEL', key)`),
});
