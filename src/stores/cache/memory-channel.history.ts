import {
  ChannelHistory,
  type HistoryBounds,
  type HistoryPage,
  type StreamPosition,
} from '../../contracts/channel.history.js';
import type { Clock } from '../../contracts/clock.js';
import { isOffset, newEpoch, STREAM_MEMORY_MS } from '../stream.epoch.js';
import { ExpiringMap } from './expiring.map.js';
import { MemoryStream } from './memory.stream.js';

/** The last messages of the channels of one process. */
export class MemoryChannelHistory extends ChannelHistory {
  private readonly streams = new ExpiringMap<MemoryStream>((stream) => stream.expire(this.clock.now()));

  constructor(private readonly clock: Clock) {
    super();
  }

  async append(channel: string, message: string, bounds: HistoryBounds): Promise<StreamPosition> {
    let stream = this.streams.get(channel);
    if (stream === undefined) {
      stream = new MemoryStream(newEpoch(), STREAM_MEMORY_MS);
      this.streams.set(channel, stream);
    }
    stream.append(message, bounds, this.clock.now());
    return stream.position;
  }

  async since(
    channel: string,
    { epoch, offset }: StreamPosition,
    limit: number,
    maxAgeMs: number,
  ): Promise<HistoryPage | null> {
    const stream = this.streams.get(channel);
    if (stream?.position.epoch !== epoch || !isOffset(offset)) return null;
    const missing = stream.position.offset - offset;
    if (missing < 0 || missing > limit) return null;
    const messages = stream.last(missing, this.clock.now() - maxAgeMs);
    return messages.length < missing ? null : { ...stream.position, messages };
  }

  async last(channel: string, limit: number, maxAgeMs: number): Promise<HistoryPage | null> {
    const stream = this.streams.get(channel);
    if (stream === undefined) return null;
    return { ...stream.position, messages: stream.last(limit, this.clock.now() - maxAgeMs) };
  }
}
