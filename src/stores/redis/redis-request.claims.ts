import { RequestClaims } from '../../contracts/request.claims.js';
import { encodeName } from '../encoded-name.js';
import { ClaimScripts } from './claim.scripts.js';
import type { RunScript } from './redis-broadcast.ledger.js';

/** Requests of clients in Redis: a string for each, which Redis drops when its time is over. */
export class RedisRequestClaims extends RequestClaims {
  constructor(private readonly run: RunScript) {
    super();
  }

  async claim(key: string, value: string, ttlMs: number): Promise<string | null> {
    return (await this.run(ClaimScripts.claim, encodeName(key), value, String(ttlMs))) as string | null;
  }

  async release(key: string): Promise<void> {
    await this.run(ClaimScripts.release, encodeName(key));
  }
}
