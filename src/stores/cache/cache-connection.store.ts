import type { Cache } from 'cache-manager';
import type { AdmissionLedger } from '../../contracts/admission.ledger.js';
import type { AnswerBox } from '../../contracts/answer.box.js';
import type { BroadcastLedger } from '../../contracts/broadcast.ledger.js';
import type { ChannelHistory } from '../../contracts/channel.history.js';
import { SystemClock } from '../../contracts/clock.js';
import type { ConnectionStore } from '../../contracts/connection.store.js';
import type { PresenceLedger } from '../../contracts/presence.ledger.js';
import type { RequestClaims } from '../../contracts/request.claims.js';
import { DeferredConnectionStore } from '../deferred-connection.store.js';
import { STORE_DEFAULTS, type ConnectionStoreOptions } from '../store.options.js';
import { CacheKeys } from './cache-key.js';
import type { ChannelMemberships } from './channel.memberships.js';
import { MemoryAdmissionLedger } from './memory-admission.ledger.js';
import { MemoryAnswerBox } from './memory-answer.box.js';
import { MemoryBroadcastLedger } from './memory-broadcast.ledger.js';
import { MemoryChannelHistory } from './memory-channel.history.js';
import { MemoryPresenceLedger } from './memory-presence.ledger.js';
import { MemoryRequestClaims } from './memory-request.claims.js';
import { isInMemory, OutageAwareCache } from './outage-aware.cache.js';
import { ProcessConnectionStore } from './process-connection.store.js';
import { SharedConnectionStore } from './shared-connection.store.js';

/** How {@link CacheConnectionStore} keeps its state. `timeoutMs` is for one request to a cache outside this process. */
export interface CacheConnectionStoreOptions extends ConnectionStoreOptions {
  /** Told once which kind of cache was found. */
  readonly onOpen?: (kind: 'in-memory' | 'shared') => void;
}

/**
 * Keeps connections in a cache-manager cache, in the layout of laravel-bref/websocket: `websocket:connections`,
 * `websocket:connection:{id}`, `websocket:channels:{channel}`, with `websocket:users:{userId}` and `websocket:channels` beside them.
 *
 * One store may write to a cache, hence one process. Where the cache lives in that process, the store's sets are the truth and the cache
 * follows; any other cache is read, changed and written back. Failures of the cache reject with `StoreUnavailableError`.
 *
 * @example
 * const store = new CacheConnectionStore(createCache());
 */
export class CacheConnectionStore extends DeferredConnectionStore {
  private readonly ledger: MemoryBroadcastLedger;
  private readonly admitted: MemoryAdmissionLedger;
  private readonly present: MemoryPresenceLedger;
  private readonly streams: MemoryChannelHistory;
  private readonly requests: MemoryRequestClaims;
  private readonly questions: MemoryAnswerBox;

  constructor(cache: Cache, options: CacheConnectionStoreOptions = {}) {
    let opened: (ConnectionStore & ChannelMemberships) | undefined;
    const state = () => (opened ??= open(cache, options));
    super(state);
    const { clock = new SystemClock() } = options;
    this.ledger = new MemoryBroadcastLedger(clock);
    this.admitted = new MemoryAdmissionLedger(clock);
    const memberships: ChannelMemberships = {
      findMany: async (connectionIds) => state().findMany(connectionIds),
      whileIn: async (connectionId, channel, step) => state().whileIn(connectionId, channel, step),
      observeLeaving: (listener) => state().observeLeaving?.(listener) ?? false,
    };
    this.present = new MemoryPresenceLedger(memberships, clock);
    this.streams = new MemoryChannelHistory(clock);
    this.requests = new MemoryRequestClaims(clock);
    this.questions = new MemoryAnswerBox(clock);
  }

  /** In the memory of this process, which is the only one that may write the cache. */
  override broadcasts(): BroadcastLedger {
    return this.ledger;
  }

  /** In the memory of this process, too. */
  override admissions(): AdmissionLedger {
    return this.admitted;
  }

  /** In the memory of this process, as are the others that channels need; who is in a channel is asked of the cache. */
  override presence(): PresenceLedger {
    return this.present;
  }

  override history(): ChannelHistory {
    return this.streams;
  }

  override claims(): RequestClaims {
    return this.requests;
  }

  override answers(): AnswerBox {
    return this.questions;
  }
}

function open(cache: Cache, options: CacheConnectionStoreOptions): ConnectionStore & ChannelMemberships {
  const { keyPrefix = STORE_DEFAULTS.keyPrefix, timeoutMs = STORE_DEFAULTS.timeoutMs, onOpen } = options;
  const { expireAfterSeconds = STORE_DEFAULTS.expireAfterSeconds, clock = new SystemClock() } = options;
  const keys = new CacheKeys(keyPrefix);
  const expireAfterMs = expireAfterSeconds * 1_000;
  const inMemory = isInMemory(cache);
  onOpen?.(inMemory ? 'in-memory' : 'shared');
  return inMemory
    ? new ProcessConnectionStore(new OutageAwareCache(cache), keys, clock, expireAfterMs)
    : new SharedConnectionStore(new OutageAwareCache(cache, { clock, timeoutMs }), keys, clock, expireAfterMs);
}
