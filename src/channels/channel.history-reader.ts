import type { ChannelHistory, HistoryBounds, HistoryPage, StreamPosition } from '../contracts/channel.history.js';
import type { ConnectionStore } from '../contracts/connection.store.js';
import type { ChannelMessage } from '../protocol/wire/server.messages.js';
import type { WireRecovery } from '../protocol/wire/stream.position.js';
import type { ChannelRegistry } from './channel.registry.js';
import { numbered } from './wire.text.js';

/** Messages of a channel as they were sent, and the position of its last one. */
export interface ReadHistory {
  /** `null` for a channel that has no history yet. */
  readonly position: StreamPosition | null;
  /** The JSON of each message. */
  readonly messages: readonly string[];
}

const NOTHING: ReadHistory = Object.freeze({ position: null, messages: [] });

/** Reads what is kept of channels. */
export class ChannelHistoryReader {
  constructor(
    private readonly store: ConnectionStore,
    private readonly registry: ChannelRegistry,
  ) {}

  /**
   * The last messages of a channel, the oldest first; none where nothing is kept.
   *
   * @throws StoreUnavailableError
   */
  async last(channel: string, count: number): Promise<ChannelMessage[]> {
    const bounds = this.boundsOf(channel);
    if (bounds === null) return [];
    const { messages } = await this.read(channel, count, bounds);
    return messages.map((text) => JSON.parse(text) as ChannelMessage);
  }

  /** How much is kept of a channel; `null` for nothing. */
  boundsOf(channel: string): HistoryBounds | null {
    return this.history === null ? null : (this.registry.match(channel)?.rule.history ?? null);
  }

  async read(channel: string, count: number, { maxAgeMs }: HistoryBounds): Promise<ReadHistory> {
    return textsOf(await this.history?.last(channel, count, maxAgeMs));
  }

  /** All messages behind a position; `null` where some of them are not there any more. */
  async since(
    channel: string,
    { epoch, offset }: WireRecovery,
    limit: number,
    { maxAgeMs }: HistoryBounds,
  ): Promise<ReadHistory | null> {
    const stream = epoch ?? (await this.history?.last(channel, 0, maxAgeMs))?.epoch;
    // Who was there before the first message has missed none yet.
    if (stream === undefined) return NOTHING;
    const page = await this.history?.since(channel, { epoch: stream, offset }, limit, maxAgeMs);
    return page === null || page === undefined ? null : textsOf(page);
  }

  private get history(): ChannelHistory | null {
    return this.store.history();
  }
}

function textsOf(page: HistoryPage | null | undefined): ReadHistory {
  if (page === null || page === undefined) return NOTHING;
  const { epoch, offset, messages } = page;
  const texts = messages.map((kept) => numbered(kept.message, { epoch, offset: kept.offset }));
  return { position: { epoch, offset }, messages: texts };
}
