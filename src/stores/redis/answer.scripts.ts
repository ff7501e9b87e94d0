import { RedisScript } from './redis.script.js';
import { PRELUDE } from './script.prelude.js';

/**
 * A question is a string: until when it takes answers (epoch ms). Those are a list of `{connection id} {answer}` in the order in which they came, and
 * a set says whose there are.
 */
const ANSWERS = `
local question, answers, answered = prefix .. 'question:' .. ARGV[4], prefix .. 'answers:' .. ARGV[4], prefix .. 'answered:' .. ARGV[4]
local til = tonumber(redis.call('GET', question) or 0)
local isOpen = til > now
`;

const script = (operation: string, lua: string): RedisScript =>
  new RedisScript(operation, [PRELUDE, ANSWERS, lua].join('\n'), true);

/** Every step of an answer box. The first argument of each is the question. */
export const AnswerScripts = Object.freeze({
  /** Arguments: for how long (ms). */
  open: script(
    'open a question',
    `if not isOpen then redis.call('DEL', answers, answered) end
     redis.call('SET', question, string.format('%.0f', now + tonumber(ARGV[5])), 'PX', ARGV[5])
     redis.call('PEXPIRE', answers, ARGV[5])
     redis.call('PEXPIRE', answered, ARGV[5])
     return 1`,
  ),

  /** Arguments: connection id, answer. */
  put: script(
    'answer a question',
    `if not isOpen then return 'closed' end
     if redis.call('SADD', answered, ARGV[5]) == 0 then return isRepeat and 'taken' or 'again' end
     if redis.call('RPUSH', answers, ARGV[5] .. ' ' .. ARGV[6]) == 1 then
       local left = string.format('%.0f', til - now)
       redis.call('PEXPIRE', answers, left)
       redis.call('PEXPIRE', answered, left)
     end
     return 'taken'`,
  ),

  /** Arguments: the first and the last number. */
  read: script('read answers', `return isOpen and redis.call('LRANGE', answers, ARGV[5], ARGV[6]) or {}`),

  close: script('close a question', `return redis.call('DEL', question, answers, answered)`),
});
