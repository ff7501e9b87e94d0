import { Injectable } from '@nestjs/common';
import { OnEvent } from '@nestjs/event-emitter';
import { WebSocketEvents, type ChannelMembershipEvent, type DisconnectedEvent } from 'nestjs-apigateway-websocket';
import { roomOfChannel } from './channels.js';
import { ChatService } from './chat.service.js';
import { NameService } from './name.service.js';

/**
 * Tells the others who comes and goes. Someone who closes a tab, or whose connection turns out to be dead, leaves each room with the
 * same event as someone who leaves one by hand.
 */
@Injectable()
export class PresenceListener {
  constructor(
    private readonly chat: ChatService,
    private readonly names: NameService,
  ) {}

  @OnEvent(WebSocketEvents.ChannelJoined)
  async joined({ connectionId, channel }: ChannelMembershipEvent): Promise<void> {
    const room = roomOfChannel(channel);
    if (room !== null) await this.chat.announce('joined', room, connectionId);
  }

  @OnEvent(WebSocketEvents.ChannelLeft)
  async left({ connectionId, channel }: ChannelMembershipEvent): Promise<void> {
    const room = roomOfChannel(channel);
    if (room !== null) await this.chat.announce('left', room, connectionId);
  }

  // Comes after the last `left`, which still needs the name.
  @OnEvent(WebSocketEvents.Disconnected, { suppressErrors: false })
  async disconnected({ connectionId }: DisconnectedEvent): Promise<void> {
    await this.names.forget(connectionId);
  }
}
