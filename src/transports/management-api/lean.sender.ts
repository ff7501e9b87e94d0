import type { SecureContext } from 'node:tls';
import type {
  AttemptLimits,
  DeliveryAttempt,
  DeliveryTarget,
  OutgoingMessage,
} from '../../contracts/connection.transport.js';
import { AbortWatch } from '../../http/abort.watch.js';
import { ExchangeError } from '../../http/http.exchange.js';
import type { Origin } from '../../http/keep-alive.socket.js';
import { SocketPool } from '../../http/socket.pool.js';
import { regionOfEndpoint } from '../../protocol/endpoint.js';
import type { SigningCredentials } from '../../signing/request.signer.js';
import type { CredentialsSource } from './credentials.source.js';
import { Destination } from './destination.js';
import type { FailureExplainer } from './failure.explainer.js';
import { outcomeOfError } from './outcome.js';
import { Post, type PostOffice } from './post.js';
import { RecentMap } from './recent.map.js';

export interface LeanSenderOptions {
  readonly region: string | null;
  readonly fallbackRegion: string;
  readonly requestTimeoutMs: number;
  readonly maxConcurrentSends: number;
  readonly secureContext?: SecureContext;
}

/** Those beyond this are forgotten, the least recently used first: endpoints come from events. */
const MAX_ENDPOINTS = 100;

/** Connections to one host, which the endpoints on it share. */
interface SharedPool {
  readonly key: string;
  readonly pool: SocketPool;
  endpoints: number;
}

interface Way {
  readonly destination: Destination;
  readonly shared: SharedPool;
}

/**
 * Posts messages to the Management API over connections of its own. To API Gateway its requests look like those of the AWS SDK, and to the
 * application its outcomes do, at a fraction of the CPU time.
 */
export class LeanSender implements PostOffice {
  private readonly ways = new RecentMap<string, Way>(MAX_ENDPOINTS, ({ shared }) => this.leave(shared));
  private readonly pools = new Map<string, SharedPool>();
  private readonly held = new Map<Post, NodeJS.Timeout>();
  private readonly aborts = new AbortWatch((signal) => this.drop((post) => post.signal === signal));
  private lastEndpoint = '';
  private lastWay: Way | null = null;
  private isShutDown = false;

  constructor(
    private readonly options: LeanSenderOptions,
    private readonly credentials: CredentialsSource,
    private readonly failures: FailureExplainer,
  ) {}

  deliver(target: DeliveryTarget, message: OutgoingMessage, limits: AttemptLimits): Promise<DeliveryAttempt> {
    return new Promise((resolve) => {
      try {
        const { destination } = this.wayTo(target.endpoint);
        const credentials = this.credentials.get(target.endpoint);
        const post = new Post(this, destination, target, message, limits, resolve);
        if (credentials instanceof Promise) this.hold(post, credentials);
        else this.send(post, credentials);
      } catch (error) {
        const outcome = outcomeOfError(error);
        this.failures.explain(target.endpoint, outcome, limits.attempt);
        resolve(outcome);
      }
    });
  }

  repeat(post: Post, refused: SigningCredentials | null): void {
    if (refused === null) this.send(post, post.credentials as SigningCredentials);
    else this.hold(post, this.credentials.replace(refused, post.target.endpoint));
  }

  finished(post: Post, outcome: DeliveryAttempt): void {
    if (outcome.status !== 'delivered') this.failures.explain(post.target.endpoint, outcome, post.limits.attempt);
    post.resolve(outcome);
  }

  shutdown(): void {
    this.isShutDown = true;
    this.drop(() => true);
    for (const { pool } of this.pools.values()) pool.close();
    this.pools.clear();
    this.ways.clear();
    this.lastWay = null;
  }

  private send(post: Post, credentials: SigningCredentials): void {
    if (this.isShutDown) {
      post.failed(aborted());
      return;
    }
    post.credentials = credentials;
    this.wayTo(post.target.endpoint).shared.pool.send(post);
  }

  /** Keeps a post until there are credentials, though not for longer than it may take. */
  private hold(post: Post, coming: Promise<SigningCredentials | null>): void {
    const { signal } = post;
    if (this.isShutDown || signal?.aborted === true) {
      post.failed(aborted());
      return;
    }
    const timer = setTimeout(() => {
      this.release(post);
      post.failed(new ExchangeError('TimeoutError', 'There were no credentials in time.'));
    }, post.expiresAt - performance.now());
    this.held.set(post, timer);
    if (signal !== undefined) this.aborts.use(signal);
    coming.then(
      (credentials) => {
        if (!this.release(post)) return;
        if (credentials === null) post.refused();
        else this.send(post, credentials);
      },
      (error: unknown) => {
        if (this.release(post)) post.failed(error);
      },
    );
  }

  /** @returns whether it was held */
  private release(post: Post): boolean {
    const timer = this.held.get(post);
    if (timer === undefined) return false;
    clearTimeout(timer);
    if (post.signal !== undefined) this.aborts.release(post.signal);
    return this.held.delete(post);
  }

  private drop(isConcerned: (post: Post) => boolean): void {
    for (const post of [...this.held.keys()].filter(isConcerned)) {
      this.release(post);
      post.failed(aborted());
    }
  }

  private wayTo(endpoint: string): Way {
    if (this.lastWay !== null && this.lastEndpoint === endpoint) return this.lastWay;
    const way = this.ways.get(endpoint) ?? this.openWay(endpoint);
    this.lastEndpoint = endpoint;
    return (this.lastWay = way);
  }

  private openWay(endpoint: string): Way {
    const { region, fallbackRegion } = this.options;
    const destination = new Destination(endpoint, region ?? regionOfEndpoint(endpoint) ?? fallbackRegion);
    const shared = this.poolFor(destination.origin);
    shared.endpoints++;
    return this.ways.add(endpoint, { destination, shared });
  }

  private poolFor(origin: Origin): SharedPool {
    const key = `${origin.isSecure} ${origin.host} ${origin.port}`;
    const known = this.pools.get(key);
    if (known !== undefined) return known;
    const { maxConcurrentSends: maxSockets, requestTimeoutMs, secureContext } = this.options;
    const shared = { key, pool: new SocketPool(origin, { maxSockets, requestTimeoutMs, secureContext }), endpoints: 0 };
    this.pools.set(key, shared);
    return shared;
  }

  private leave(shared: SharedPool): void {
    if (--shared.endpoints > 0) return;
    this.pools.delete(shared.key);
    shared.pool.retire();
  }
}

function aborted(): Error {
  return new ExchangeError('AbortError', 'The request was given up.');
}
