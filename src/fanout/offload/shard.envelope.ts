import { isConnectionId } from '../../protocol/name.js';

/** One shard of a broadcast, as it travels through the queue. */
export interface Shard {
  readonly broadcastId: string;
  /** The how-manieth of the broadcast it is, from 0. */
  readonly shard: number;
  /** When it was put into the queue (epoch ms). */
  readonly createdAt: number;
  /** That of the store which the recipients are in. */
  readonly keyPrefix: string;
  readonly payload: Uint8Array;
  readonly ids: readonly string[];
}

/** What the body of a message was found to be. */
export type ShardReading =
  | { readonly kind: 'shard'; readonly shard: Shard }
  /** Somebody else's message. */
  | { readonly kind: 'foreign' }
  /** Ours, of a version that came later. */
  | { readonly kind: 'newer' }
  /** Ours, and unusable. */
  | { readonly kind: 'damaged' };

const KIND = 'nestjs-apigateway-websocket.shard';
const VERSION = 1;

const BROADCAST_ID = /^[\w-]{1,64}$/;
const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;

/** SQS takes no U+FFFE and no U+FFFF, and what stands in for it elsewhere none beyond U+FFFF: the body is in ASCII. */
const BEYOND_ASCII = /[^\x20-\x7E]/g;

/** What the shards of one broadcast have in common, written out once. */
export class ShardEnvelope {
  private readonly start: string;
  private readonly end: string;
  private readonly overheadBytes: number;

  constructor(broadcastId: string, keyPrefix: string, createdAt: number, payload: Uint8Array) {
    const common = encodeValue({ kind: KIND, version: VERSION, broadcastId, keyPrefix, createdAt });
    // In base64: any text takes 4/3 of its size then, whatever it says.
    const { buffer, byteOffset, byteLength } = payload;
    const text = Buffer.from(buffer, byteOffset, byteLength).toString('base64');
    this.start = `${common.slice(0, -1)},"payload":"${text}","shard":`;
    this.end = ']}';
    this.overheadBytes =
      this.start.length + String(Number.MAX_SAFE_INTEGER).length + ',"ids":['.length + this.end.length;
  }

  /** How many bytes of ids, as {@link encodeValue} makes them and with a comma each, fit into a message of `maxBytes`. */
  roomFor(maxBytes: number): number {
    return maxBytes - this.overheadBytes;
  }

  /** The body of a message. */
  write(shard: number, encodedIds: readonly string[]): string {
    return `${this.start}${shard},"ids":[${encodedIds.join(',')}${this.end}`;
  }
}

/** A value, such as an id, as it stands in an envelope: in ASCII, so it has as many bytes as characters. */
export function encodeValue(value: unknown): string {
  return JSON.stringify(value).replace(BEYOND_ASCII, escape);
}

function escape(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

/** Reads the body of a message, whoever sent it. */
export function readShard(body: unknown): ShardReading {
  const fields = parse(body);
  if (fields?.['kind'] !== KIND) return { kind: 'foreign' };
  const { version, broadcastId, shard, createdAt, keyPrefix, payload, ids } = fields;
  if (typeof version === 'number' && version > VERSION) return { kind: 'newer' };
  const isUsable =
    version === VERSION &&
    typeof broadcastId === 'string' &&
    BROADCAST_ID.test(broadcastId) &&
    Number.isSafeInteger(shard) &&
    (shard as number) >= 0 &&
    Number.isSafeInteger(createdAt) &&
    typeof keyPrefix === 'string' &&
    typeof payload === 'string' &&
    payload.length % 4 === 0 &&
    BASE64.test(payload) &&
    Array.isArray(ids) &&
    ids.every(isConnectionId);
  if (!isUsable) return { kind: 'damaged' };
  return {
    kind: 'shard',
    shard: {
      broadcastId,
      shard: shard as number,
      createdAt: createdAt as number,
      keyPrefix,
      payload: Buffer.from(payload, 'base64'),
      ids: ids,
    },
  };
}

function parse(body: unknown): Record<string, unknown> | null {
  if (typeof body !== 'string') return null;
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}
