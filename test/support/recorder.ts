import { Injectable } from '@nestjs/common';
import { OnEvent } from '@nestjs/event-emitter';
import {
  WebSocketEvents,
  type ChannelMembershipEvent,
  type ConnectedEvent,
  type DisconnectedEvent,
  type MessageEvent,
} from '../../src/index.js';

/** Remembers every lifecycle event, in order. */
@Injectable()
export class EventRecorder {
  readonly connected: ConnectedEvent[] = [];
  readonly disconnected: DisconnectedEvent[] = [];
  readonly messages: MessageEvent[] = [];
  readonly joined: ChannelMembershipEvent[] = [];
  readonly left: ChannelMembershipEvent[] = [];
  readonly order: string[] = [];

  @OnEvent(WebSocketEvents.Connected)
  onConnected(event: ConnectedEvent): void {
    this.connected.push(event);
    this.order.push(`connected ${event.connectionId}`);
  }

  @OnEvent(WebSocketEvents.Disconnected)
  onDisconnected(event: DisconnectedEvent): void {
    this.disconnected.push(event);
    this.order.push(`disconnected ${event.connectionId}`);
  }

  @OnEvent(WebSocketEvents.Message)
  onMessage(event: MessageEvent): void {
    this.messages.push(event);
    this.order.push(`message ${event.connectionId}`);
  }

  @OnEvent(WebSocketEvents.ChannelJoined)
  onJoined(event: ChannelMembershipEvent): void {
    this.joined.push(event);
    this.order.push(`joined ${event.channel}`);
  }

  @OnEvent(WebSocketEvents.ChannelLeft)
  onLeft(event: ChannelMembershipEvent): void {
    this.left.push(event);
    this.order.push(`left ${event.channel}`);
  }
}
