import type { RedisClientSource } from './redis.link.js';

/** What is used of a client that subscribes. */
interface SubscribingClient {
  readonly isOpen?: boolean;
  readonly options?: { readonly socket?: object };
  connect(): Promise<unknown>;
  destroy(): void;
  duplicate?(overrides?: object): SubscribingClient;
  on(event: 'error' | 'ready', listener: (error?: unknown) => void): unknown;
  subscribe(topic: string, listener: TopicListener, asBuffers: true): Promise<unknown>;
  unsubscribe(topic: string, listener: TopicListener, asBuffers: true): Promise<unknown>;
}

/** Told of each message as it came. */
export type TopicListener = (message: Buffer) => void;

const PING_EVERY_MS = 3_000;
const SILENCE_MS = 10_000;

/** A node that does not hear is as good as dead, so it comes back sooner than a client that only asks. */
const RECONNECT_WITHIN_MS = 1_000;

function delayOfReconnect(retries: number): number {
  return Math.min(50 * 2 ** Math.min(retries, 6), RECONNECT_WITHIN_MS) * (0.5 + Math.random() / 2);
}

/** The connection from the first topic to the last. */
interface Session {
  isOver: boolean;
  onOver: () => void;
  readonly client: Promise<SubscribingClient>;
  readonly subscribed: Map<string, Promise<unknown>>;
}

/**
 * Listens to topics of Redis. A connection that subscribes takes no other commands, so it has one of its own, from the first topic to the last; it
 * connects and subscribes again by itself.
 */
export class RedisSubscriber {
  private readonly topics = new Map<string, TopicListener>();
  private session: Session | undefined;
  private isClosed = false;
  /** Why it does not listen, as far as that is known. */
  lastError: unknown;

  /** @param onResumed told when it listens again after it did not */
  constructor(
    private readonly source: RedisClientSource,
    private readonly onResumed: () => void,
  ) {}

  /** Resolves when it listens, however long that takes. */
  async subscribe(topic: string, listener: TopicListener): Promise<void> {
    if (this.isClosed) throw new Error('The store is closed.');
    this.topics.set(topic, listener);
    const session = (this.session ??= this.begin());
    const client = await session.client;
    if (session.isOver || this.topics.get(topic) !== listener) return;
    let subscribing = session.subscribed.get(topic);
    if (subscribing === undefined) {
      subscribing = client.subscribe(topic, listener, true);
      session.subscribed.set(topic, subscribing);
      subscribing.catch(() => session.subscribed.delete(topic));
    }
    await subscribing;
  }

  async unsubscribe(topic: string): Promise<void> {
    const { session } = this;
    const listener = this.topics.get(topic);
    this.topics.delete(topic);
    const subscribing = session?.subscribed.get(topic);
    session?.subscribed.delete(topic);
    if (this.topics.size === 0) {
      // Without a word to Redis, which may be away: it would be waited for until it is back.
      this.end();
    } else if (session !== undefined && listener !== undefined && subscribing !== undefined) {
      const client = await session.client;
      await client.unsubscribe(topic, listener, true).catch(() => undefined);
    }
  }

  close(): void {
    this.isClosed = true;
    this.topics.clear();
    this.end();
  }

  private begin(): Session {
    const session: Session = {
      isOver: false,
      onOver: () => undefined,
      subscribed: new Map(),
      client: Promise.resolve().then(() => this.open(session)),
    };
    session.client.catch((error: unknown) => {
      this.lastError = error;
      if (this.session === session) this.session = undefined;
    });
    return session;
  }

  private end(): void {
    const { session } = this;
    this.session = undefined;
    if (session === undefined) return;
    session.isOver = true;
    session.onOver();
  }

  /** Goes on until there is a connection, or nothing to listen to. */
  private async open(session: Session): Promise<SubscribingClient> {
    const shared = (await this.source.client()) as unknown as SubscribingClient;
    if (typeof shared.subscribe !== 'function') throw new Error('The client of Redis has no method "subscribe".');
    // A client of Sentinel cannot be doubled, and keeps a connection of its own for what it subscribes to.
    if (typeof shared.duplicate !== 'function') return shared;
    for (let tries = 0; ; tries++) {
      const client = this.listenTo(duplicateOf(shared, session), session);
      try {
        await client.connect();
        session.onOver = () => destroy(client);
        // Destroyed while it connects, a client would be connected all the same, and nobody could close it any more.
        if (session.isOver) session.onOver();
        return client;
      } catch (error) {
        this.lastError = error;
        if (session.isOver) throw error;
      }
      await pause(delayOfReconnect(tries));
    }
  }

  private listenTo(client: SubscribingClient, session: Session): SubscribingClient {
    let hasBeenReady = false;
    client.on('error', (error) => (this.lastError = error));
    client.on('ready', () => {
      this.lastError = undefined;
      if (hasBeenReady && !session.isOver) this.onResumed();
      hasBeenReady = true;
    });
    return client;
  }
}

/** A client like the application's, that notices a server which vanished without a word, and never gives up before the session is over. */
function duplicateOf(client: SubscribingClient, session: Session): SubscribingClient {
  // The clients of a cluster's nodes take their settings from the cluster's.
  if ('slots' in client || client.duplicate === undefined) return client.duplicate?.() ?? client;
  return client.duplicate({
    disableOfflineQueue: false,
    pingInterval: PING_EVERY_MS,
    socket: {
      ...client.options?.socket,
      socketTimeout: SILENCE_MS,
      reconnectStrategy: (retries: number) => (session.isOver ? false : delayOfReconnect(retries)),
    },
  });
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function destroy(client: SubscribingClient): void {
  try {
    client.destroy();
  } catch {
    // It is closed already.
  }
}
