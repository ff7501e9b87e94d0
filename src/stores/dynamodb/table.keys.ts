import { createHash } from 'node:crypto';
import { InvalidOptionsError } from '../../errors/invalid-options.error.js';
import { encodeName } from '../encoded-name.js';
import type { ItemKey } from './table.requests.js';

/** A partition key may have 2,048 bytes, and there must be room for a prefix. */
const LONGEST_ENCODED_NAME = 1_024;

/**
 * Records are spread over this many times as many partitions as a channel: each message of each client reads one, while their list is read
 * now and then.
 */
const RECORD_PARTITIONS_FACTOR = 4;

/**
 * The keys of the items. Names in partition keys are encoded, hence without a colon, and each is the last part of its key: so no name, and no
 * prefix that goes on like a key, leads into another partition. Sort keys are ids as they are: the longest has 384 of the 1,024 bytes allowed.
 */
export class TableKeys {
  /** The partitions with the records of all connections. */
  readonly connections: readonly string[];

  constructor(
    private readonly prefix: string,
    private readonly partitions: number,
  ) {
    if (!Number.isSafeInteger(partitions) || partitions < 1) {
      throw new InvalidOptionsError(
        'partitions',
        `Expected "partitions" to be a whole number of at least 1, got ${partitions}.`,
      );
    }
    const count = partitions * RECORD_PARTITIONS_FACTOR;
    this.connections = Array.from({ length: count }, (_, index) => `${prefix}connections:${index}`);
  }

  /** The record of a connection. */
  connection(connectionId: string): ItemKey {
    return { pk: this.connections[partitionOf(connectionId, this.connections.length)] as string, sk: connectionId };
  }

  /** The partition that points at a user's connections. */
  user(userId: string): string {
    return `${this.prefix}users:${part(userId)}`;
  }

  /** The partitions that point at a channel's members. */
  channel(channel: string): string[] {
    return Array.from({ length: this.partitions }, (_, index) => `${this.prefix}channels:${index}:${part(channel)}`);
  }

  /** What points at a member of a channel. */
  member(channel: string, connectionId: string): ItemKey {
    const partition = partitionOf(connectionId, this.partitions);
    return { pk: `${this.prefix}channels:${partition}:${part(channel)}`, sk: connectionId };
  }

  /** The partition of a broadcast that was handed over. */
  broadcast(broadcastId: string): string {
    return `${this.prefix}broadcasts:${part(broadcastId)}`;
  }

  /** The partitions with who is present in a channel. */
  presence(channel: string): string[] {
    return Array.from({ length: this.partitions }, (_, index) => `${this.prefix}presence:${index}:${part(channel)}`);
  }

  /** What is known of a member who is present in a channel. */
  present(channel: string, memberId: string): ItemKey {
    const partition = partitionOf(memberId, this.partitions);
    return { pk: `${this.prefix}presence:${partition}:${part(channel)}`, sk: memberId };
  }

  /** The partition with the last messages of a channel. */
  history(channel: string): string {
    return `${this.prefix}history:${part(channel)}`;
  }

  /** A request that was taken up. */
  claim(key: string): ItemKey {
    return { pk: `${this.prefix}claims:${part(key)}`, sk: 'claim' };
  }

  /** The partition with a question to clients, and with who answered it in which order. */
  question(questionId: string): string {
    return `${this.prefix}questions:${part(questionId)}`;
  }

  /** What a connection answered to a question. */
  answer(questionId: string, round: string, connectionId: string): ItemKey {
    return { pk: `${this.prefix}answers:${part(questionId)}`, sk: `${round}:${connectionId}` };
  }

  /** The seats that are being taken in a channel with a limit. */
  seats(channel: string): ItemKey {
    return { pk: `${this.prefix}seats:${part(channel)}`, sk: 'seats' };
  }
}

function part(name: string): string {
  const encoded = encodeName(name);
  if (encoded.length <= LONGEST_ENCODED_NAME) return encoded;
  // No encoded name has a hash sign.
  return `#${createHash('sha256').update(encoded).digest('hex')}`;
}

/** Which of `count` partitions a name belongs to: FNV-1a, which must never change. */
function partitionOf(name: string, count: number): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < name.length; index++) hash = Math.imul(hash ^ name.charCodeAt(index), 0x01000193);
  return ((hash ^ (hash >>> 16)) >>> 0) % count;
}
