import { Inject, Injectable } from '@nestjs/common';
import { OnEvent } from '@nestjs/event-emitter';
import { WebSocketManager, type PresenceEvent, type ReadyEvent } from 'nestjs-apigateway-websocket';
import { channelOfRoom, LASTING_ROOMS, ROOM_COUNTS, roomOfChannel } from './rooms.js';

/** How many people are in a room. */
interface RoomCount {
  readonly room: string;
  readonly people: number;
}

/** Which rooms there are, and how many people are in each. Nobody hears of private ones. */
@Injectable()
export class RoomList {
  constructor(@Inject(WebSocketManager) private readonly manager: WebSocketManager) {}

  /** What everybody who connects is told first: who they are here, and where they can go. */
  @OnEvent('websocket.ready', { suppressErrors: false })
  async welcome({ connection }: ReadyEvent): Promise<{ readonly userId: string | null; readonly rooms: RoomCount[] }> {
    const lasting = LASTING_ROOMS.map(channelOfRoom);
    const channels = new Set([...lasting, ...(await this.manager.getAllChannels())]);
    const counts = await Promise.all([...channels].map((channel) => this.count(channel)));
    return { userId: connection.userId, rooms: counts.filter((count) => count !== null) };
  }

  @OnEvent('websocket.presence.joined')
  @OnEvent('websocket.presence.left')
  async tell({ channel }: PresenceEvent): Promise<void> {
    const count = await this.count(channel);
    if (count !== null) await this.manager.publish(ROOM_COUNTS, count, { event: 'count' });
  }

  private async count(channel: string): Promise<RoomCount | null> {
    const room = roomOfChannel(channel);
    return room === null ? null : { room, people: await this.manager.countPresence(channel) };
  }
}
