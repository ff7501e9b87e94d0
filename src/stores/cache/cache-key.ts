import { encodeName } from '../encoded-name.js';

/**
 * The keys of the cache layout, those of laravel-bref/websocket and two more:
 *
 * | key | value |
 * | --- | --- |
 * | `websocket:connections` | ids of all connections |
 * | `websocket:connection:{id}` | the record of one |
 * | `websocket:channels` | names of the channels that have members |
 * | `websocket:channels:{channel}` | ids of a channel's members |
 * | `websocket:users:{userId}` | ids of a user's connections |
 * | `websocket:removed:{id}` | when it was removed (epoch ms); stands for a minute, in shared caches only |
 */
export class CacheKeys {
  readonly connections: string;
  readonly channels: string;

  constructor(private readonly prefix: string) {
    this.connections = `${prefix}connections`;
    this.channels = `${prefix}channels`;
  }

  connection(connectionId: string): string {
    return `${this.prefix}connection:${encodeName(connectionId)}`;
  }

  channel(channel: string): string {
    return `${this.prefix}channels:${encodeName(channel)}`;
  }

  user(userId: string): string {
    return `${this.prefix}users:${encodeName(userId)}`;
  }

  removed(connectionId: string): string {
    return `${this.prefix}removed:${encodeName(connectionId)}`;
  }
}
