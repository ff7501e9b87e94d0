import { Inject, Injectable } from '@nestjs/common';
import { OnEvent } from '@nestjs/event-emitter';
import { ChannelAuthorizer, type ChannelRequest, type MessageEvent } from 'nestjs-apigateway-websocket';
import { Invitations } from './invitations.js';
import { conversation, member } from './rooms.js';
import { roomFrom } from './wording.js';

/** Rooms by invitation. Without one they answer as if they did not exist. */
@Injectable()
@ChannelAuthorizer('presence-private.{room}', conversation)
export class PrivateRooms {
  constructor(@Inject(Invitations) private readonly invitations: Invitations) {}

  authorize({ channel, params, userId, data, connection }: ChannelRequest) {
    const { invitation } = (data ?? {}) as { readonly invitation?: unknown };
    // Whoever is in there has shown theirs, and does not again for each message.
    const isInvited = connection.channels.includes(channel) || this.invitations.isFor(params['room'] ?? '', invitation);
    return userId !== null && isInvited && member(userId);
  }

  /** Answers `client.request('private-room', { title })`. */
  @OnEvent('websocket.private-room', { suppressErrors: false })
  create({ message }: MessageEvent<{ readonly title?: unknown } | null>) {
    const title = roomFrom(message?.title);
    return title === null ? { problem: 'bad-title' } : this.invitations.create(title);
  }
}
