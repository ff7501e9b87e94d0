/** A place in the messages of a channel. */
export interface StreamPosition {
  /** Names the stream; another one once the messages were lost. */
  readonly epoch: string;
  /** How many messages were numbered up to here; the first is 1. */
  readonly offset: number;
}

/** How much of a channel is kept: what is over either bound goes. */
export interface HistoryBounds {
  readonly maxMessages: number;
  readonly maxAgeMs: number;
}

/** A message as it was appended, and its number. */
export interface HistoryMessage {
  readonly offset: number;
  readonly message: string;
}

export interface HistoryPage extends StreamPosition {
  /** Ascending, without a gap between any two. */
  readonly messages: readonly HistoryMessage[];
}

/**
 * The last messages of channels, numbered.
 *
 * Each operation is one atomic step however many processes run it at once, and rejects with `StoreUnavailableError` when the store cannot answer. An
 * append whose answer got lost may be in the stream nevertheless.
 */
export abstract class ChannelHistory {
  /** Numbers a message and keeps it within these bounds. */
  abstract append(channel: string, message: string, bounds: HistoryBounds): Promise<StreamPosition>;

  /**
   * The messages behind a position, with the position of the last of the stream; `null` where they are not all there any more (or are more than
   * `limit`), or the stream is another: never a part of them.
   */
  abstract since(
    channel: string,
    position: StreamPosition,
    limit: number,
    maxAgeMs: number,
  ): Promise<HistoryPage | null>;

  /** The last messages, at most `limit`, with the position of the last; none, and `null`, for a channel that has no stream yet. */
  abstract last(channel: string, limit: number, maxAgeMs: number): Promise<HistoryPage | null>;
}
