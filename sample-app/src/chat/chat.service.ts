import { Injectable } from '@nestjs/common';
import { ChannelLimitError, WebSocketManager } from 'nestjs-apigateway-websocket';
import { channelOfRoom, roomOfChannel } from './channels.js';
import { ChatError } from './chat.error.js';
import type { ChatFrame, RoomCount } from './chat.frames.js';
import { MAX_ROOMS } from './chat.input.js';
import { NameService } from './name.service.js';

/** Always there, even with nobody in them. */
const STANDING_ROOMS = ['kitchen', 'lobby', 'workshop'];

/** Clients choose the names of rooms, so there may be any number of them. */
const MAX_ROOMS_LISTED = 100;

/** What people do in the chat. A room is a channel. */
@Injectable()
export class ChatService {
  constructor(
    private readonly manager: WebSocketManager,
    private readonly names: NameService,
  ) {}

  /** Gives a connection its name and welcomes it. */
  async welcome(connectionId: string, requested: string, key: string | null): Promise<void> {
    const name = await this.names.claim(connectionId, requested, key);
    const [rooms, joined] = await Promise.all([this.rooms(), this.roomsOf(connectionId)]);
    await this.send(connectionId, { type: 'welcome', name, rooms, joined });
  }

  /** Lets a connection into a room. The others hear of it from `websocket.channel.joined`. */
  async join(connectionId: string, room: string): Promise<void> {
    await this.names.requireName(connectionId);
    try {
      await this.manager.joinChannel(connectionId, channelOfRoom(room));
    } catch (error) {
      if (!(error instanceof ChannelLimitError)) throw error;
      throw new ChatError('too-many-rooms', `You can be in ${MAX_ROOMS} rooms at once. Leave one first.`);
    }
    await this.who(connectionId, room);
  }

  /** Takes a connection out of a room. The others hear of it from `websocket.channel.left`. */
  async leave(connectionId: string, room: string): Promise<void> {
    const name = await this.names.requireName(connectionId);
    await this.manager.leaveChannel(connectionId, channelOfRoom(room));
    await this.send(connectionId, { type: 'left', room, name });
  }

  /** Tells a room something. */
  async say(connectionId: string, room: string, text: string): Promise<void> {
    const from = await this.names.requireName(connectionId);
    const joined = await this.roomsOf(connectionId);
    if (!joined.includes(room)) throw new ChatError('not-in-room', `Join #${room} to talk there.`);
    await this.manager.sendToChannel(channelOfRoom(room), {
      type: 'message',
      room,
      from,
      text,
      at: Date.now(),
    } satisfies ChatFrame);
  }

  /** Tells one person something. */
  async whisper(connectionId: string, to: string, text: string): Promise<void> {
    const from = await this.names.requireName(connectionId);
    const holder = await this.names.holderOf(to);
    if (holder === null) throw new ChatError('not-here', `${to} is not here.`);
    if (holder.connectionId === connectionId) throw new ChatError('bad-request', 'That is you.');
    const whisper: ChatFrame = { type: 'whisper', from, to: holder.name, text, at: Date.now() };
    const isDelivered = await this.manager.sendToConnection(holder.connectionId, whisper);
    if (!isDelivered) throw new ChatError('not-here', `${holder.name} could not be reached.`);
    await this.send(connectionId, whisper);
  }

  /** Tells a connection who is in a room. */
  async who(connectionId: string, room: string): Promise<void> {
    await this.names.requireName(connectionId);
    const connectionIds = await this.manager.getConnectionsByChannel(channelOfRoom(room));
    await this.send(connectionId, { type: 'room', room, members: await this.names.namesOf(connectionIds) });
  }

  /** Tells those in a room that somebody came or went, and everyone how many are in it now. */
  async announce(type: 'joined' | 'left', room: string, connectionId: string): Promise<void> {
    const channel = channelOfRoom(room);
    const name = await this.names.nameOf(connectionId);
    if (name !== null)
      await this.manager
        .to(channel)
        .except(connectionId)
        .send({ type, room, name } satisfies ChatFrame);
    const { length: members } = await this.manager.getConnectionsByChannel(channel);
    await this.manager.broadcast({ type: 'count', room, members } satisfies ChatFrame);
  }

  /** Tells a connection why its request was not carried out. */
  async refuse(connectionId: string, action: string, { code, message }: ChatError): Promise<void> {
    await this.send(connectionId, { type: 'error', action, code, message });
  }

  private async rooms(): Promise<RoomCount[]> {
    const counts = new Map(STANDING_ROOMS.map((room) => [room, 0]));
    for (const [channel, members] of Object.entries((await this.manager.getStats()).channels)) {
      const room = roomOfChannel(channel);
      if (room !== null) counts.set(room, members);
    }
    return [...counts].map(([room, members]) => ({ room, members })).slice(0, MAX_ROOMS_LISTED);
  }

  private async roomsOf(connectionId: string): Promise<string[]> {
    const channels = await this.manager.getChannelsByConnection(connectionId);
    return channels.map(roomOfChannel).filter((room) => room !== null);
  }

  private async send(connectionId: string, data: ChatFrame): Promise<void> {
    await this.manager.sendToConnection(connectionId, data);
  }
}
