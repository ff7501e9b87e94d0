import { Inject, Injectable } from '@nestjs/common';
import { OnEvent } from '@nestjs/event-emitter';
import { WebSocketManager, type MessageEvent } from 'nestjs-apigateway-websocket';
import { nameOf } from '../chat/identity.js';
import { Secrets } from '../secrets.js';

/** The channels that are looked into; of others only the number is told. */
const MAX_CHANNELS = 20;
const MAX_PEOPLE = 20;

interface ChannelStats {
  readonly channel: string;
  /** How many connections are in it. */
  readonly connections: number;
  /** The names of some who are there. */
  readonly people: readonly string[];
  /** The number of its last message; 0 where none was kept. */
  readonly messages: number;
}

/** What operators see, of all processes: the counts of the store, and the numbers of the messages. */
@Injectable()
export class Stats {
  /** What clients of this process, or of this Lambda instance, have said. */
  private handled = 0;

  constructor(
    @Inject(WebSocketManager) private readonly manager: WebSocketManager,
    @Inject(Secrets) private readonly secrets: Secrets,
  ) {}

  @OnEvent('websocket.channel.message')
  count(): void {
    this.handled++;
  }

  /** Answers `client.request('stats', { key })`. */
  @OnEvent('websocket.stats', { suppressErrors: false })
  async tell({ message }: MessageEvent<{ readonly key?: unknown } | null>) {
    if (!this.secrets.isOperator(message?.key)) return { problem: 'wrong-key' };
    const { totalConnections, totalChannels, channels } = await this.manager.getStats();
    const largest = Object.entries(channels)
      .sort(([, a], [, b]) => b - a)
      .slice(0, MAX_CHANNELS);
    return {
      connections: totalConnections,
      channels: totalChannels,
      largest: await Promise.all(largest.map(([channel, connections]) => this.look(channel, connections))),
      handledHere: this.handled,
    };
  }

  private async look(channel: string, connections: number): Promise<ChannelStats> {
    const [[last], members] = await Promise.all([
      this.manager.getHistory(channel, 1),
      this.manager.getPresence(channel),
    ]);
    const people = members.slice(0, MAX_PEOPLE).map(({ id }) => nameOf(id));
    return { channel, connections, people, messages: last?.offset ?? 0 };
  }
}
