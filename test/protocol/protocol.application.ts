// The application that the suite talks to: the same in every home.
import { Inject, Injectable, Module, type DynamicModule } from '@nestjs/common';
import { EventEmitterModule, OnEvent } from '@nestjs/event-emitter';
import {
  OnChannelMessage,
  WebSocketManager,
  WebSocketModule,
  type ChannelMessageEvent,
  type ChannelRequest,
  type ChannelRule,
  type MessageEvent,
  type WebSocketModuleOptions,
} from 'nestjs-apigateway-websocket';
import { Facts, invitationTo } from './application.facts.js';

/** Whoever is in this channel has lost all rights: the store tells every process. */
const BANNED = 'banned';

const isBanned = ({ connection }: ChannelRequest): boolean => connection.channels.includes(BANNED);

/** Lets in who has an invitation, and lets those who are in do what they like. */
function isInvited(request: ChannelRequest): boolean {
  const { channel, params, connection, data } = request;
  if (isBanned(request)) return false;
  const invitation = (data as { invitation?: unknown } | null | undefined)?.invitation;
  return connection.channels.includes(channel) || invitation === invitationTo(params['board'] ?? '');
}

/** Lets everybody in, under the name that was authenticated. */
function introduced(request: ChannelRequest): false | { name: string } {
  const { authorizer } = request;
  const { name = 'somebody' } = typeof authorizer === 'object' && authorizer !== null ? authorizer : {};
  return isBanned(request) ? false : { name: String(name) };
}

const rules: Record<string, ChannelRule> = {
  'room.{name}': { publish: true },
  'news.{name}': {},
  'picky.{name}': { publish: ({ event }) => event === 'allowed' },
  'loud.{name}': { publish: true, whisper: true },
  'small.{name}': { publish: true, maxClients: Facts.maxClients },
  'log.{name}': { publish: true, persistent: { maxMessages: Facts.keptMessages, maxAgeSeconds: 600 } },
  'archive.{name}': { publish: true, persistent: { maxMessages: 200, maxAgeSeconds: 600 } },
  'heard.{name}': { publish: true },
  'feared.{name}': { publish: true },
  'private-board.{board}': { publish: true, authorize: isInvited },
  'private-silent.{name}': { publish: true, authorize: () => true, whisper: false },
  'private-unruled.{name}': { publish: true },
  'private-faulty.{name}': {
    publish: true,
    authorize: () => {
      throw new Error('The rule failed.');
    },
  },
  'private-odd.{name}': { publish: true, authorize: () => 'yes' as unknown as boolean },
  'presence-hall.{name}': { publish: true, authorize: introduced },
  'presence-crowd.{name}': { publish: true, authorize: introduced, joinLeave: false },
  'presence-log.{name}': { publish: true, authorize: introduced, persistent: true },
};

/** Errors of these listeners are answered; Nest would only log them. */
const LOUD = { suppressErrors: false };

type Asked<Data> = MessageEvent<Data>;

@Injectable()
class Listeners {
  constructor(@Inject(WebSocketManager) private readonly manager: WebSocketManager) {}

  @OnEvent('websocket.ready', LOUD)
  ready({ connectionId, connection }: { connectionId: string; connection: { userId: string | null } }): unknown {
    if (connection.userId === null) return undefined;
    return { connectionId, user: connection.userId };
  }

  /** What is not the protocol's, by `$default` or by the route of its action. */
  @OnEvent('websocket.message', LOUD)
  @OnEvent('websocket.custom', LOUD)
  @OnEvent('websocket.Subscribe', LOUD)
  @OnEvent('websocket.constructor', LOUD)
  async message({ connectionId, eventData }: MessageEvent): Promise<void> {
    await this.manager.sendToConnection(connectionId, { heard: eventData.body });
  }

  @OnEvent('websocket.rooms', LOUD)
  rooms(): readonly string[] {
    return Facts.rooms;
  }

  @OnEvent('websocket.echo', LOUD)
  echo({ message }: Asked<unknown>): unknown {
    return { message };
  }

  @OnEvent('websocket.nothing', LOUD)
  nothing(): void {
    return undefined;
  }

  @OnEvent('websocket.broken', LOUD)
  broken(): never {
    throw new Error('The listener failed.');
  }

  /** Counts how often it was called, in the store. */
  @OnEvent('websocket.count', LOUD)
  async count({ connectionId, message }: Asked<{ channel: string }>): Promise<void> {
    await this.manager.publish(message.channel, { counted: connectionId });
  }

  @OnEvent('websocket.tell', LOUD)
  async tell({ message }: Asked<{ channel: string; data: unknown; event?: string }>): Promise<unknown> {
    const { channel, data, event } = message;
    return this.manager.publish(channel, data, event === undefined ? {} : { event });
  }

  @OnEvent('websocket.end', LOUD)
  async end({ connectionId, message }: Asked<{ channel: string; reason?: string }>): Promise<void> {
    await this.manager.unsubscribe(connectionId, message.channel, message.reason);
  }

  @OnEvent('websocket.ask', LOUD)
  async ask({ message }: Asked<{ channel: string; question: unknown; timeoutMs: number }>): Promise<unknown> {
    const { channel, question, timeoutMs } = message;
    const { responses, missing } = await this.manager.to(channel).timeout(timeoutMs).sendWithAck(question);
    return { responses: { ...responses }, missing };
  }

  @OnEvent('websocket.ban', LOUD)
  async ban({ connectionId }: MessageEvent): Promise<void> {
    await this.manager.joinChannel(connectionId, BANNED);
  }

  @OnChannelMessage('heard.{name}')
  async heard({ connectionId, channel, params, event, data, userId }: ChannelMessageEvent): Promise<void> {
    const told = { listener: 'heard', channel, name: params['name'], event, data, userId };
    await this.manager.sendToConnection(connectionId, told);
  }

  @OnChannelMessage('feared.{name}')
  feared(): never {
    throw new Error('The listener of the channel failed.');
  }
}

/** The module of the application in a home, told what is different there. */
export function protocolApplication(home: WebSocketModuleOptions): DynamicModule {
  class ProtocolApplication {}
  Module({})(ProtocolApplication);
  return {
    module: ProtocolApplication,
    imports: [
      EventEmitterModule.forRoot(),
      WebSocketModule.forRoot({
        ...home,
        maxPayloadBytes: Facts.maxPayloadBytes,
        maxChannelsPerConnection: Facts.maxChannels,
        goneGracePeriodMs: 0,
        admission: {
          requireAuthentication: false,
          // Clients say who they are: `?user=42&name=Ada`.
          authenticate: ({ query }) => {
            const { user, name } = query;
            return user === undefined ? null : { userId: user, name: name ?? user };
          },
        },
        channels: {
          rules,
          requestsPerSecond: Facts.requestsPerSecond,
          whispersPerSecond: Facts.whispersPerSecond,
        },
      }),
    ],
    providers: [Listeners],
  };
}
