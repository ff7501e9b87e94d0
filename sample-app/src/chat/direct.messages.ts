import { randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { OnEvent } from '@nestjs/event-emitter';
import { WebSocketManager, type MessageEvent } from 'nestjs-apigateway-websocket';
import { isText } from './wording.js';

interface DirectRequest {
  readonly to?: unknown;
  readonly text?: unknown;
}

/** What one person says to another. Nothing of it is kept. */
export interface DirectMessage {
  readonly type: 'direct';
  readonly id: string;
  readonly from: string;
  readonly to: string;
  readonly text: string;
  readonly timestamp: number;
}

@Injectable()
export class DirectMessages {
  constructor(@Inject(WebSocketManager) private readonly manager: WebSocketManager) {}

  /** Answers `client.request('direct', { to, text })` with the id of the message, or with why there is none. */
  @OnEvent('websocket.direct', { suppressErrors: false })
  async send({ connectionId, message }: MessageEvent<DirectRequest | null>) {
    const { to, text } = message ?? {};
    const from = (await this.manager.getConnection(connectionId))?.userId ?? null;
    if (typeof to !== 'string' || to === from || !isText(text) || from === null) return { problem: 'bad-message' };
    const direct: DirectMessage = { type: 'direct', id: randomUUID(), from, to, text, timestamp: Date.now() };
    const { delivered } = await this.manager.toUser(to).send(direct);
    if (delivered === 0) return { problem: 'not-here' };
    // Whoever wrote it may have the chat open twice.
    await this.manager.toUser(from).except(connectionId).send(direct);
    return { id: direct.id, timestamp: direct.timestamp };
  }
}
