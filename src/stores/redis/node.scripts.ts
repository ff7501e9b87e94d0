import { RedisScript } from './redis.script.js';
import { PRELUDE } from './script.prelude.js';

/** For how long a dead node is fenced. Whoever comes back later finds that its lease is not known. */
const FENCED_MS = 86_400_000;

const NODES = `
local nodes = prefix .. 'nodes'
local function topicOf(name) return prefix .. 'node:' .. name end
local function fenceOf(node) return prefix .. 'node:fenced:' .. node end
local function graveOf(node) return prefix .. 'node:burial:' .. node end
local function lease(node, leaseMs)
  local ends = string.format('%.0f', time + leaseMs)
  redis.call('ZADD', nodes, ends, node)
  keep(nodes)
  return ends
end
`;

const script = (operation: string, lua: string): RedisScript =>
  new RedisScript(operation, [PRELUDE, NODES, lua].join('\n'), true);

/** A step whose first try may have reached somebody. */
const unrepeatable = (operation: string, lua: string): RedisScript =>
  new RedisScript(operation, [PRELUDE, NODES, lua].join('\n'), false);

/** The steps of nodes. The first argument of most is the id of a node. */
export const NodeScripts = Object.freeze({
  /** Arguments: node, message. Returns how many listened: on a cluster, of those at the same server. */
  post: unrepeatable(
    'send to a node',
    `if not redis.call('ZSCORE', nodes, ARGV[4]) then return 'no-lease' end
     return redis.call('PUBLISH', topicOf(ARGV[4]), ARGV[5])`,
  ),

  /** Arguments: name, message. */
  answer: unrepeatable('answer a node', `return redis.call('PUBLISH', topicOf(ARGV[4]), ARGV[5])`),

  /** Arguments: node, length of the lease (ms). */
  join: script(
    'take a lease',
    `if redis.call('EXISTS', fenceOf(ARGV[4])) == 1 then return 'fenced' end
     return lease(ARGV[4], tonumber(ARGV[5]))`,
  ),

  /** Arguments: node, length of the lease (ms), when the lease ends as far as the node knows. */
  renew: script(
    'renew a lease',
    `if redis.call('EXISTS', fenceOf(ARGV[4])) == 1 then return 'fenced' end
     local ends = redis.call('ZSCORE', nodes, ARGV[4])
     if not ends or tonumber(ends) < tonumber(ARGV[6]) then return 'forgotten' end
     return lease(ARGV[4], tonumber(ARGV[5]))`,
  ),

  leave: script('give up a lease', `return redis.call('ZREM', nodes, ARGV[4])`),

  nodes: script('list nodes', `return redis.call('ZRANGE', nodes, 0, -1)`),

  expired: script('list dead nodes', `return redis.call('ZRANGEBYSCORE', nodes, '-inf', string.format('%.0f', time))`),

  /** Arguments: node, claimant, for how long (ms). */
  claim: script(
    'claim a dead node',
    `local node, claimant = ARGV[4], ARGV[5]
     local ends = redis.call('ZSCORE', nodes, node)
     if ends and tonumber(ends) > time then return 0 end
     local holder = redis.call('GET', graveOf(node))
     if holder and holder ~= claimant then return 0 end
     redis.call('SET', graveOf(node), claimant, 'PX', ARGV[6])
     redis.call('SET', fenceOf(node), '1', 'PX', ${FENCED_MS})
     return 1`,
  ),

  buried: script(
    'bury a node',
    `redis.call('ZREM', nodes, ARGV[4])
     redis.call('DEL', graveOf(ARGV[4]))`,
  ),

  /** Arguments: how often (ms). A try whose answer was lost may have taken the turn: it comes round again. */
  audit: script(
    'take a turn at looking for lost connections',
    `return redis.call('SET', prefix .. 'nodes:audit', '1', 'NX', 'PX', ARGV[4]) and 1 or 0`,
  ),
});
