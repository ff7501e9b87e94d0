import { inTime, LATE, SystemClock, TimeoutError } from '../../contracts/clock.js';
import { NodeBus, type BusListener, type Posting } from '../../contracts/node.bus.js';
import { StoreUnavailableError } from '../../errors/store-unavailable.error.js';
import { decodeName } from '../encoded-name.js';
import { NodeScripts } from './node.scripts.js';
import type { RunScript } from './redis-broadcast.ledger.js';
import { hasSlots, type RedisStoreClient } from './redis.client.js';
import type { RedisClientSource } from './redis.link.js';
import { remedyOf } from './redis.remedy.js';
import { RedisSubscriber } from './redis.subscriber.js';

const JOINED = '+'.charCodeAt(0);
const LEFT = '-'.charCodeAt(0);

/** What the bus needs of the store whose Redis it uses. */
export interface BusAccess {
  readonly run: RunScript;
  readonly source: RedisClientSource;
  /** What keys and topics start with on a client. */
  readonly prefixFor: (client: RedisStoreClient) => string;
  readonly timeoutMs: number;
}

/**
 * Messages between processes by Redis's publish and subscribe: `{prefix}node:{name}` is the topic of a process. What is sent goes out by the store's
 * client, as a step that Redis does not take any more once the sender was told that it failed.
 */
export class RedisNodeBus extends NodeBus {
  private readonly machine = new SystemClock();
  private readonly listeners = new Map<string, BusListener>();
  private readonly subscriber: RedisSubscriber;

  constructor(private readonly access: BusAccess) {
    super();
    this.subscriber = new RedisSubscriber(access.source, () => {
      for (const listener of this.listeners.values()) listener.resumed();
    });
  }

  async post(nodeId: string, message: Uint8Array): Promise<Posting> {
    const heard = await this.access.run(NodeScripts.post, nodeId, bufferOf(message));
    if (heard === 'no-lease') return 'no-lease';
    // The servers of a cluster pass messages on to one another, and count none but their own listeners.
    return heard === 0 && !hasSlots(await this.access.source.client()) ? 'unheard' : 'sent';
  }

  async answer(name: string, message: Uint8Array): Promise<void> {
    await this.access.run(NodeScripts.answer, name, bufferOf(message));
  }

  async subscribe(name: string, listener: BusListener): Promise<void> {
    this.listeners.set(name, listener);
    const { timeoutMs } = this.access;
    let result: unknown;
    try {
      const topic = await this.topicOf(name);
      result = await inTime(
        this.machine,
        timeoutMs,
        this.subscriber.subscribe(topic, (bytes) => pass(bytes, listener)),
      );
    } catch (cause) {
      throw unavailable(cause);
    }
    if (result === LATE) throw unavailable(this.subscriber.lastError ?? new TimeoutError('Redis', timeoutMs));
  }

  async unsubscribe(name: string): Promise<void> {
    this.listeners.delete(name);
    await this.subscriber.unsubscribe(await this.topicOf(name));
  }

  close(): void {
    this.listeners.clear();
    this.subscriber.close();
  }

  private async topicOf(name: string): Promise<string> {
    return `${this.access.prefixFor(await this.access.source.client())}node:${name}`;
  }
}

function unavailable(cause: unknown): StoreUnavailableError {
  return new StoreUnavailableError('listen to other nodes', { cause, ...remedyOf(cause) });
}

/** A membership that the store itself tells of is `+{id} {channel}` or `-{id} {channel}`, encoded as in keys; all else is a message. */
function pass(bytes: Buffer, listener: BusListener): void {
  if (bytes[0] !== JOINED && bytes[0] !== LEFT) {
    listener.message(bytes);
    return;
  }
  const [id, channel, ...rest] = bytes.toString('latin1', 1).split(' ');
  if (id === undefined || channel === undefined || rest.length > 0) return;
  try {
    listener[bytes[0] === JOINED ? 'joined' : 'left'](decodeName(id), decodeName(channel));
  } catch {
    // What is not encoded as names are has not come from the store.
  }
}

function bufferOf({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}
