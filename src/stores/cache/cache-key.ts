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

const PLAIN = /^[A-Za-z0-9_.~@=+/,-]*$/;
const SPECIAL = /[^A-Za-z0-9_.~@=+/,-]/gu;

/**
 * A name as part of a key. Names of everyday characters, connection ids among them, stay as they are; anything that separates,
 * globs or breaks a line somewhere (`:`, `*`, `{`, space, newline …) is percent-encoded, so no name reads as another key.
 */
export function encodeName(name: string): string {
  return PLAIN.test(name) ? name : name.replace(SPECIAL, percentEncode);
}

function percentEncode(character: string): string {
  // What encodeURIComponent leaves alone (`!*'()`) or throws at: a lone surrogate becomes `%D83D`, which no UTF-8 sequence does.
  const encoded = character.isWellFormed() ? encodeURIComponent(character) : character;
  return encoded === character ? `%${character.charCodeAt(0).toString(16).toUpperCase()}` : encoded;
}
