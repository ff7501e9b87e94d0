import { SystemClock, type Clock } from '../../contracts/clock.js';
import type { AdmissionLedger } from '../../contracts/admission.ledger.js';
import type { AnswerBox } from '../../contracts/answer.box.js';
import type { BroadcastLedger } from '../../contracts/broadcast.ledger.js';
import type { ChannelHistory } from '../../contracts/channel.history.js';
import type { Connection } from '../../contracts/connection.js';
import {
  ConnectionStore,
  type ChannelOccupancy,
  type EnsureResult,
  type JoinLimits,
  type JoinResult,
  type LeaveResult,
  type Recipient,
} from '../../contracts/connection.store.js';
import type { RateBuckets } from '../../contracts/rate.buckets.js';
import type { StoreCluster } from '../../contracts/node.bus.js';
import type { PresenceLedger } from '../../contracts/presence.ledger.js';
import type { RequestClaims } from '../../contracts/request.claims.js';
import type { RequestQuota } from '../../contracts/request.budget.js';
import { decodeName, encodeName } from '../encoded-name.js';
import { PAGE_SIZE, pagesOf } from '../page.js';
import { STORE_DEFAULTS, type ConnectionStoreOptions } from '../store.options.js';
import { RedisAdmissionLedger } from './redis-admission.ledger.js';
import { RedisAnswerBox } from './redis-answer.box.js';
import { RedisBroadcastLedger, type RunScript } from './redis-broadcast.ledger.js';
import { RedisChannelHistory } from './redis-channel.history.js';
import type { RedisStoreClient } from './redis.client.js';
import { expandEndpoint, fieldsOf, readRecord } from './redis-record.js';
import type { RedisClientSource } from './redis.link.js';
import { RedisRateBuckets } from './redis-rate.buckets.js';
import { RedisNodeBus } from './redis-node.bus.js';
import { RedisNodeRegistry } from './redis-node.registry.js';
import { RedisPresenceLedger } from './redis-presence.ledger.js';
import { RedisRequestClaims } from './redis-request.claims.js';
import { RedisRequestQuota } from './redis-request.quota.js';
import { RedisScripts } from './redis.scripts.js';
import type { RedisScript } from './redis.script.js';
import { ScriptRunner } from './script.runner.js';

/**
 * How long after a record's expiry Redis itself drops it. Until then the channels that it names can be tidied up; after that nobody has looked at
 * the store for so long that everything else in it is going as well.
 */
const DROP_AFTER_EXPIRY_MS = 3_600_000;

/** About how many items a step reads: more would keep other clients waiting, fewer would cost more round trips. */
const SCAN_COUNT = 250;

/** Records found in one step: it keeps other clients waiting, the longer the more channels there are in them. */
const FIND_AT_ONCE = 100;

/**
 * Keeps connections in Redis 6.2 or later, or in Valkey, for any number of writing processes. Every operation is one Lua script, hence one
 * atomic step and one round trip, whose cost does not depend on how many are connected:
 *
 * | key | type | value |
 * | --- | --- | --- |
 * | `websocket:connections` | sorted set | ids of all connections, by when they were last seen (epoch ms) |
 * | `websocket:connection:{id}` | hash | `at`, `user`, `route`, `endpoint`, `until`, `#{channel}` with the order of joining, `@{channel}` with who is present |
 * | `websocket:channels` | set | names of the channels that have members |
 * | `websocket:channels:{channel}` | set | ids of a channel's members |
 * | `websocket:users:{0…16383}` | sorted set | `{hash of userId} {id}` of every connection of some dozens of users |
 * | `websocket:removed:{id}` | string | when it was removed (epoch ms) and its record, in MessagePack; stands for a minute |
 * | `websocket:broadcast:{id}` | hash | how far a broadcast is that was handed over, and who has which shard of it; stands for a day |
 * | `websocket:budget` | string | when the requests that were given away will have been earned (epoch µs) |
 * | `websocket:admission:{id}` | hash | what admission remembers of a connection: `state`, `groups`, `until` |
 * | `websocket:admitted:{group}` | sorted set | ids of a group that is counted (`all`, `ip:…`, `user:…`), by when they are forgotten (epoch ms) |
 * | `websocket:admissions` | sorted set | ids whose authentication ends, by when it does (epoch ms) |
 * | `websocket:rate:{key}` | string | when the tokens that were taken will have been earned (epoch µs) |
 * | `websocket:nodes` | sorted set | nodes of a cluster, by when their lease ends (epoch ms, by the clock of Redis) |
 * | `websocket:node:fenced:{node}`, `websocket:node:burial:{node}` | string | a node that counts as dead, for a day; who ends its connections |
 * | `websocket:nodes:audit` | string | when somebody looked for connections of nodes that nobody knows; stands until the next turn |
 * | `websocket:presence:{channel}` | sorted set | `{member} {connection id}` of who is, or was a moment ago, present in a channel |
 * | `websocket:members:{channel}` | hash | what is known of each member who is present |
 * | `websocket:stream:{channel}` | hash | `epoch`, `offset`, `at`, `until` of the messages of a channel; stands for a day longer than they |
 * | `websocket:history:{channel}` | list | `{when} {message}` of the last ones |
 * | `websocket:claim:{key}` | string | a request of a client that was taken up, and until when that is remembered |
 * | `websocket:question:{id}`, `websocket:answers:{id}`, `websocket:answered:{id}` | string, list, set | until when a question to clients takes answers; these; whose they are |
 * | `websocket:ping` | string | when somebody asked whether the store takes writes (epoch ms); stands for a second |
 *
 * On Redis Cluster the prefix becomes a hash tag (`{websocket:}connections`): all keys are in one slot, which is what makes steps atomic there.
 *
 * @example
 * const store = new RedisConnectionStore(createClient({ url: 'redis://localhost:6379' }));
 */
export class RedisConnectionStore extends ConnectionStore {
  private readonly clock: Clock;
  private readonly lifetimeMs: number;
  private readonly runner: ScriptRunner;
  private readonly bus: RedisNodeBus;
  private readonly registry: RedisNodeRegistry;

  /** @param client a client of `@redis/client`, connected or not, that stays yours to close; or what finds one at the first operation */
  constructor(client: RedisStoreClient | RedisClientSource, options: ConnectionStoreOptions = {}) {
    super();
    const { keyPrefix = STORE_DEFAULTS.keyPrefix, timeoutMs = STORE_DEFAULTS.timeoutMs } = options;
    const { expireAfterSeconds = STORE_DEFAULTS.expireAfterSeconds, clock = new SystemClock() } = options;
    this.clock = clock;
    this.lifetimeMs = expireAfterSeconds * 1_000;
    const source = sourceOf(client);
    const runner = (this.runner = new ScriptRunner(source, keyPrefix, clock, timeoutMs));
    const run: RunScript = (script, ...args) => this.run(script, ...args);
    this.registry = new RedisNodeRegistry(run);
    this.bus = new RedisNodeBus({ run, source, prefixFor: (client) => runner.prefixFor(client), timeoutMs });
  }

  async add(connection: Connection): Promise<boolean> {
    return (await this.run(RedisScripts.add, ...this.written(connection))) === 1;
  }

  async ensure(connection: Connection): Promise<EnsureResult> {
    return (await this.run(RedisScripts.ensure, ...this.written(connection))) as EnsureResult;
  }

  async remove(connectionId: string): Promise<Connection | null> {
    return readRecord(connectionId, (await this.run(RedisScripts.remove, encodeName(connectionId))) as string[]);
  }

  async findMany(connectionIds: readonly string[]): Promise<(Connection | null)[]> {
    const found = await Promise.all(
      [...pagesOf(connectionIds, FIND_AT_ONCE)].map(async (ids) => {
        const replies = (await this.run(RedisScripts.find, ...ids.map(encodeName))) as string[][];
        return replies.map((reply, index) => readRecord(ids[index] as string, reply));
      }),
    );
    return found.flat();
  }

  async join(connectionId: string, channel: string, limits: JoinLimits = {}): Promise<JoinResult> {
    const { maxMembers = '', maxChannels = '' } = limits;
    const [id, name] = [encodeName(connectionId), encodeName(channel)];
    return (await this.run(RedisScripts.join, id, name, String(maxMembers), String(maxChannels))) as JoinResult;
  }

  async leave(connectionId: string, channel: string): Promise<LeaveResult> {
    return (await this.run(RedisScripts.leave, encodeName(connectionId), encodeName(channel))) as LeaveResult;
  }

  async touch(connectionId: string, seenAt: number): Promise<void> {
    await this.run(RedisScripts.touch, encodeName(connectionId), String(Math.min(seenAt, this.clock.now())));
  }

  connections(): AsyncIterable<readonly string[]> {
    return this.ids(RedisScripts.connections);
  }

  members(channel: string): AsyncIterable<readonly string[]> {
    return this.ids(RedisScripts.members, encodeName(channel));
  }

  override async *recipients(channel: string | null): AsyncIterable<readonly Recipient[]> {
    for await (const found of this.pages<string>(
      RedisScripts.recipients,
      channel === null ? '' : encodeName(channel),
    )) {
      const page: Recipient[] = [];
      for (let index = 0; index < found.length; index += 3) {
        const endpoint = found[index + 2] as string;
        page.push({
          connectionId: decodeName(found[index] as string),
          connectedAt: Number(found[index + 1]),
          endpoint: endpoint === '' ? null : expandEndpoint(endpoint),
        });
      }
      yield* pagesOf(page);
    }
  }

  async connectionsOfUser(userId: string): Promise<string[]> {
    const found: string[] = [];
    let last = '';
    for (;;) {
      const answer = await this.run(RedisScripts.user, encodeName(userId), String(PAGE_SIZE), last);
      const [count, lastOfPage, ids] = answer as [number, string, string[]];
      for (const id of ids) found.push(decodeName(id));
      if (count < PAGE_SIZE) return found;
      last = lastOfPage;
    }
  }

  async *staleBefore(instant: number): AsyncIterable<readonly string[]> {
    let score = '';
    let last = '';
    for (;;) {
      const answer = await this.run(RedisScripts.stale, String(instant), String(PAGE_SIZE), score, last);
      const entries = answer as string[];
      if (entries.length > 0) yield entries.filter((_, index) => index % 2 === 0).map(decodeName);
      if (entries.length < 2 * PAGE_SIZE) return;
      [last, score] = entries.slice(-2) as [string, string];
    }
  }

  async *channels(): AsyncIterable<readonly ChannelOccupancy[]> {
    // Members that have expired must not be counted.
    await this.countConnections();
    for await (const counts of this.pages<string | number>(RedisScripts.channels)) {
      const occupancies: ChannelOccupancy[] = [];
      for (let index = 0; index < counts.length; index += 2) {
        occupancies.push({ channel: decodeName(counts[index] as string), members: counts[index + 1] as number });
      }
      yield* pagesOf(occupancies);
    }
  }

  async countConnections(): Promise<number> {
    let skip = 0;
    for (;;) {
      const answer = await this.run(RedisScripts.count, String(skip));
      const [hasMore, kept, count] = answer as [0 | 1, number, number];
      if (hasMore === 0) return count;
      skip += kept;
    }
  }

  override broadcasts(): BroadcastLedger {
    return new RedisBroadcastLedger((script, ...args) => this.run(script, ...args), this.clock);
  }

  override requestQuota(): RequestQuota {
    return new RedisRequestQuota((script, ...args) => this.run(script, ...args));
  }

  override admissions(): AdmissionLedger {
    return new RedisAdmissionLedger((script, ...args) => this.run(script, ...args));
  }

  override rateBuckets(): RateBuckets {
    return new RedisRateBuckets((script, ...args) => this.run(script, ...args));
  }

  override cluster(): StoreCluster {
    const { bus, registry } = this;
    return { bus, registry };
  }

  override presence(): PresenceLedger {
    return new RedisPresenceLedger((script, ...args) => this.run(script, ...args));
  }

  override history(): ChannelHistory {
    return new RedisChannelHistory((script, ...args) => this.run(script, ...args));
  }

  override claims(): RequestClaims {
    return new RedisRequestClaims((script, ...args) => this.run(script, ...args));
  }

  override answers(): AnswerBox {
    return new RedisAnswerBox((script, ...args) => this.run(script, ...args));
  }

  override async ping(): Promise<void> {
    await this.run(RedisScripts.ping);
  }

  override async close(): Promise<void> {
    this.bus.close();
    await this.runner.close();
  }

  private async *ids(script: RedisScript, ...args: string[]): AsyncIterable<readonly string[]> {
    // A set that is small, or that shrinks at this moment, comes in larger pages than were asked for.
    for await (const ids of this.pages<string>(script, ...args)) yield* pagesOf(ids.map(decodeName));
  }

  private async *pages<Item>(script: RedisScript, ...args: string[]): AsyncIterable<readonly Item[]> {
    let cursor = '0';
    do {
      const answer = await this.run(script, cursor, String(SCAN_COUNT), ...args);
      const [next, items] = answer as [string, Item[]];
      if (items.length > 0) yield items;
      cursor = next;
    } while (cursor !== '0');
  }

  private written(connection: Connection): string[] {
    const { connectionId, connectedAt, userId } = connection;
    const seenAt = Math.min(connectedAt, this.clock.now());
    const user = userId === null ? '' : encodeName(userId);
    return [encodeName(connectionId), String(seenAt), user, ...fieldsOf(connection)];
  }

  private run(script: RedisScript, ...args: (string | Buffer)[]): Promise<unknown> {
    const { clock, lifetimeMs } = this;
    const times = [clock.now(), lifetimeMs, lifetimeMs + DROP_AFTER_EXPIRY_MS].map(String);
    return this.runner.run(script, [...times, ...args]);
  }
}

function sourceOf(client: RedisStoreClient | RedisClientSource): RedisClientSource {
  return 'client' in client ? client : { client: () => client, open: () => client.connect() };
}
