import {
  ChannelHistory,
  type HistoryBounds,
  type HistoryPage,
  type StreamPosition,
} from '../../contracts/channel.history.js';
import { encodeName } from '../encoded-name.js';
import { isOffset, newEpoch, STREAM_MEMORY_MS } from '../stream.epoch.js';
import { HistoryScripts } from './history.scripts.js';
import type { RunScript } from './redis-broadcast.ledger.js';

/** Messages of channels in Redis: a list for each, read from its end, so that a long history costs no more than a short one. */
export class RedisChannelHistory extends ChannelHistory {
  constructor(private readonly run: RunScript) {
    super();
  }

  async append(channel: string, message: string, { maxMessages, maxAgeMs }: HistoryBounds): Promise<StreamPosition> {
    const numbers = [maxMessages, maxAgeMs, maxAgeMs + STREAM_MEMORY_MS].map(String);
    const answer = await this.run(HistoryScripts.append, encodeName(channel), message, newEpoch(), ...numbers);
    const [epoch, offset] = answer as [string, string];
    return { epoch, offset: Number(offset) };
  }

  async since(
    channel: string,
    { epoch, offset }: StreamPosition,
    limit: number,
    maxAgeMs: number,
  ): Promise<HistoryPage | null> {
    if (!isOffset(offset)) return null;
    const numbers = [offset, limit, maxAgeMs].map(String);
    return pageOf(await this.run(HistoryScripts.since, encodeName(channel), epoch, ...numbers));
  }

  async last(channel: string, limit: number, maxAgeMs: number): Promise<HistoryPage | null> {
    return pageOf(await this.run(HistoryScripts.last, encodeName(channel), ...[limit, maxAgeMs].map(String)));
  }
}

function pageOf(answer: unknown): HistoryPage | null {
  if (answer === null) return null;
  const [epoch, last, entries] = answer as [string, number, string[]];
  const first = last - entries.length + 1;
  const messages = entries.map((entry, index) => ({
    offset: first + index,
    message: entry.slice(entry.indexOf(' ') + 1),
  }));
  return { epoch, offset: last, messages };
}
