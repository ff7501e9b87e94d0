import type { Reconnection } from '../protocol/close-codes.js';

// The table of `src/protocol/close-codes.ts` for what is not `later`, without the reasons: a test compares the two.
const NOW = [1001, 1012, 4401];
const NEVER = [1000, 1002, 1003, 1005, 1007, 1008, 1009];

/**
 * When a client may come back, by `docs/reference/close-codes.md`; later, for a code that is not there. API Gateway gives 1000 for whatever
 * the server closes, so where connections last for a limited time only, as they do there, 1000 is no reason to stay away.
 */
export function returnAfter(code: number, isLifeLimited: boolean): Reconnection {
  if (NOW.includes(code)) return 'now';
  return NEVER.includes(code) && !(code === 1000 && isLifeLimited) ? 'never' : 'later';
}
