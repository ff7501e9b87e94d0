import type { Clock } from '../../contracts/clock.js';
import { RequestClaims } from '../../contracts/request.claims.js';
import { ExpiringMap } from './expiring.map.js';

interface Claim {
  readonly value: string;
  readonly until: number;
}

/** The requests of clients of one process. */
export class MemoryRequestClaims extends RequestClaims {
  private readonly held = new ExpiringMap<Claim>(({ until }) => until <= this.clock.now());

  constructor(private readonly clock: Clock) {
    super();
  }

  async claim(key: string, value: string, ttlMs: number): Promise<string | null> {
    const held = this.held.get(key);
    if (held !== undefined) return held.value;
    this.held.set(key, { value, until: this.clock.now() + ttlMs });
    return null;
  }

  async release(key: string): Promise<void> {
    this.held.delete(key);
  }
}
