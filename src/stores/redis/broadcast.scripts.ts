import { BROADCAST_LIFETIME_MS } from '../../contracts/broadcast.ledger.js';
import { RedisScript } from './redis.script.js';
import { PRELUDE } from './script.prelude.js';

/**
 * The hash of a broadcast has a field for each shard, named by its number: `{until} {token}` while somebody has it, `+{token}` once it is worked off.
 */
const BROADCAST = `
local broadcast = prefix .. 'broadcast:' .. ARGV[4]
local function remember()
  if redis.call('PTTL', broadcast) < 0 then redis.call('PEXPIRE', broadcast, ${BROADCAST_LIFETIME_MS}) end
end
`;

const SHARD = `
local shard, token = ARGV[5], ARGV[6]
local held = redis.call('HGET', broadcast, shard)
local isSettled = held and string.sub(held, 1, 1) == '+'
local blank = held and string.find(held, ' ', 1, true)
local owner = held and (isSettled and string.sub(held, 2) or string.sub(held, blank + 1))
`;

const script = (operation: string, ...lua: string[]): RedisScript =>
  new RedisScript(operation, [PRELUDE, BROADCAST, ...lua].join('\n'), true);

/** Every step of a ledger. The first argument of each is the id of the broadcast. */
export const BroadcastScripts = Object.freeze({
  open: script(
    'open a broadcast',
    `redis.call('HSET', broadcast, 'at', ARGV[1])
     remember()
     return 1`,
  ),

  /** Arguments: recipients, shards. */
  seal: script(
    'seal a broadcast',
    `redis.call('HSET', broadcast, 'recipients', ARGV[5], 'shards', ARGV[6])
     remember()
     return 1`,
  ),

  /** Arguments: shard, token, how long the lease is in ms. */
  claim: script(
    'claim a shard of a broadcast',
    SHARD,
    `if isSettled then return 'settled' end
     if held and owner ~= token and tonumber(string.sub(held, 1, blank - 1)) > now then return 'held' end
     redis.call('HSET', broadcast, shard, string.format('%.0f', now + tonumber(ARGV[7])) .. ' ' .. token)
     remember()
     return 'claimed'`,
  ),

  /** Arguments: shard, token. */
  release: script(
    'release a shard of a broadcast',
    SHARD,
    `if held and not isSettled and owner == token then redis.call('HDEL', broadcast, shard) end
     return 1`,
  ),

  /** Arguments: shard, token, then the counts: delivered, gone, throttled, failed. */
  settle: script(
    'settle a shard of a broadcast',
    SHARD,
    `if isSettled then return owner == token and 1 or 0 end
     redis.call('HSET', broadcast, shard, '+' .. token)
     redis.call('HINCRBY', broadcast, 'done', 1)
     for i, name in ipairs({'delivered', 'gone', 'throttled', 'failed'}) do
       redis.call('HINCRBY', broadcast, name, ARGV[6 + i])
     end
     remember()
     return 1`,
  ),

  report: script(
    'read the report of a broadcast',
    `return redis.call('HMGET', broadcast, 'at', 'recipients', 'shards', 'done', 'delivered', 'gone', 'throttled', 'failed')`,
  ),
});
