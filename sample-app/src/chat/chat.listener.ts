import { Injectable } from '@nestjs/common';
import { OnEvent } from '@nestjs/event-emitter';
import type { MessageEvent } from 'nestjs-apigateway-websocket';
import { ChatError } from './chat.error.js';
import { ChatInput } from './chat.input.js';
import { ChatService } from './chat.service.js';

// By default Nest logs what a listener throws and goes on; this way `handle` answers 500 and the client hears of it.
const THROW = { suppressErrors: false };

/**
 * The routes of the chat. A client picks one with the `action` of its message, and on API Gateway each is a route of the API.
 *
 * A connection is welcomed in answer to its first message, not from `websocket.connected`: while that is being handled its handshake is
 * still open, and nothing can be sent to it.
 */
@Injectable()
export class ChatListener {
  constructor(private readonly chat: ChatService) {}

  @OnEvent('websocket.name', THROW)
  name(event: MessageEvent): Promise<void> {
    return this.handle(event, (id, input) => this.chat.welcome(id, input.name('name'), input.key()));
  }

  @OnEvent('websocket.join', THROW)
  join(event: MessageEvent): Promise<void> {
    return this.handle(event, (id, input) => this.chat.join(id, input.room()));
  }

  @OnEvent('websocket.leave', THROW)
  leave(event: MessageEvent): Promise<void> {
    return this.handle(event, (id, input) => this.chat.leave(id, input.room()));
  }

  @OnEvent('websocket.say', THROW)
  say(event: MessageEvent): Promise<void> {
    return this.handle(event, (id, input) => this.chat.say(id, input.room(), input.text()));
  }

  @OnEvent('websocket.whisper', THROW)
  whisper(event: MessageEvent): Promise<void> {
    return this.handle(event, (id, input) => this.chat.whisper(id, input.name('to'), input.text()));
  }

  @OnEvent('websocket.who', THROW)
  who(event: MessageEvent): Promise<void> {
    return this.handle(event, (id, input) => this.chat.who(id, input.room()));
  }

  /** Runs a request, and tells its sender when it was refused. Any other failure is the caller's to see. */
  private async handle(
    { connectionId, message, eventData }: MessageEvent,
    run: (connectionId: string, input: ChatInput) => Promise<void>,
  ): Promise<void> {
    try {
      await run(connectionId, new ChatInput(message));
    } catch (error) {
      if (!(error instanceof ChatError)) throw error;
      await this.chat.refuse(connectionId, eventData.requestContext.routeKey, error);
    }
  }
}
