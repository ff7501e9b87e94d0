import type { Clock } from '../contracts/clock.js';
import type { Connection } from '../contracts/connection.js';
import type { Recipient } from '../contracts/connection.store.js';
import { LocalRecipients } from '../contracts/local.recipients.js';
import type { ConnectionEnd, LifecycleObserver } from './lifecycle.observers.js';

/** What is known of a connection here: its record, with the channels as they are now. */
export interface MirroredConnection {
  readonly connection: Connection;
  channels: Set<string> | null;
}

/** A connection that has ended here, as long as it is not certain that the store has heard of it. */
export interface UnsettledEnd extends MirroredConnection {
  /** `null` for one that was refused: nobody is to hear of it. */
  readonly end: ConnectionEnd | null;
  /** `asking`: the store has not answered yet. `unknown`: it knew of no such connection. `failed`: it gave no answer. */
  state: 'asking' | 'unknown' | 'failed';
  since: number;
}

const PAGE_SIZE = 1_000;

/**
 * What this node's own connections are, apart from the store: enough to register them again when the store has lost them, to tell it of those that
 * ended while it was away, and to reach them meanwhile.
 */
export class ConnectionMirror extends LocalRecipients implements LifecycleObserver {
  private readonly open = new Map<string, MirroredConnection>();
  private readonly ended = new Map<string, UnsettledEnd>();
  private certainty: (() => Promise<void> | undefined) | undefined;

  /** @param isOwn whether connections on an endpoint are this node's */
  constructor(
    private readonly isOwn: (endpoint: string | null) => boolean,
    private readonly clock: Clock,
  ) {
    super();
  }

  /** @param certainty resolves when it is known again whether this node is alive for the others; `undefined` while it is known */
  relyOn(certainty: () => Promise<void> | undefined): void {
    this.certainty = certainty;
  }

  get size(): number {
    return this.open.size;
  }

  /** The connections that are open, those that are being opened among them. */
  get connections(): IterableIterator<MirroredConnection> {
    return this.open.values();
  }

  get unsettledEnds(): IterableIterator<UnsettledEnd> {
    return this.ended.values();
  }

  get(connectionId: string): MirroredConnection | undefined {
    return this.open.get(connectionId);
  }

  /** Whether anything is known of a connection, open or ended. */
  knows(connectionId: string): boolean {
    return this.open.has(connectionId) || this.ended.has(connectionId);
  }

  endOf(connectionId: string): UnsettledEnd | undefined {
    return this.ended.get(connectionId);
  }

  /** The store has heard of an end. */
  settle(connectionId: string): void {
    this.ended.delete(connectionId);
  }

  opening(connection: Connection): void {
    const { connectionId, endpoint } = connection;
    if (!this.isOwn(endpoint) || this.open.has(connectionId)) return;
    const channels = connection.channels.length === 0 ? null : new Set(connection.channels);
    this.open.set(connectionId, { connection, channels });
  }

  mayRestore({ endpoint }: Connection): boolean | Promise<boolean> {
    if (endpoint?.startsWith('local:') !== true) return true;
    const certainty = this.certainty?.();
    return certainty === undefined ? this.isOwn(endpoint) : certainty.then(() => this.isOwn(endpoint));
  }

  restored(connection: Connection): void {
    this.ended.delete(connection.connectionId);
    this.opening(connection);
  }

  ending(connectionId: string, end: ConnectionEnd | null): void {
    const mirrored = this.open.get(connectionId);
    if (mirrored === undefined) return;
    this.open.delete(connectionId);
    const { connection, channels } = mirrored;
    this.ended.set(connectionId, { connection, channels, end, state: 'asking', since: this.clock.now() });
  }

  hasEnded(connectionId: string, wasKnown: boolean): void {
    const ended = this.ended.get(connectionId);
    if (ended === undefined) return;
    if (wasKnown) this.ended.delete(connectionId);
    else if (ended.state === 'asking') ended.state = 'unknown';
  }

  endFailed(connectionId: string): void {
    const ended = this.ended.get(connectionId);
    if (ended !== undefined) ended.state = 'failed';
  }

  joined(connectionId: string, channel: string): void {
    const mirrored = this.open.get(connectionId);
    if (mirrored !== undefined) (mirrored.channels ??= new Set()).add(channel);
  }

  left(connectionId: string, channel: string): void {
    const mirrored = this.open.get(connectionId);
    if (mirrored?.channels?.delete(channel) === true && mirrored.channels.size === 0) mirrored.channels = null;
  }

  *recipients(channel: string | null): Iterable<readonly Recipient[]> {
    let page: Recipient[] = [];
    for (const { connection, channels } of this.open.values()) {
      if (channel !== null && channels?.has(channel) !== true) continue;
      if (page.push(connection) < PAGE_SIZE) continue;
      yield page;
      page = [];
    }
    if (page.length > 0) yield page;
  }

  ofUser(userId: string): string[] {
    const ids: string[] = [];
    for (const { connection } of this.open.values())
      if (connection.userId === userId) ids.push(connection.connectionId);
    return ids;
  }

  find(connectionIds: readonly string[]): (Recipient | null)[] {
    return connectionIds.map((connectionId) => this.open.get(connectionId)?.connection ?? null);
  }
}
