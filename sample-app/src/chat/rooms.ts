import type { ChannelRule, ChannelPublishRequest } from 'nestjs-apigateway-websocket';
import { nameOf } from './identity.js';
import { isText, roomFrom } from './wording.js';

export const MAX_ROOMS = 20;

/** The channel in which everybody hears how many are in which room. Only the server publishes there. */
export const ROOM_COUNTS = 'rooms';

const PREFIX = 'presence-room.';

/** Rooms that are always on the list. */
export const LASTING_ROOMS = ['lobby', 'kitchen', 'workshop', 'booth'];

/** Who may be in a room is known to the others by name. */
export function member(userId: string): { readonly name: string } {
  return { name: nameOf(userId) };
}

/** Takes what people say, and nothing else. `ref` is how the page knows its own words when they come back. */
export function isSaid({ event, message }: ChannelPublishRequest): boolean {
  const { text, ref = '' } = (message ?? {}) as { readonly text?: unknown; readonly ref?: unknown };
  return event === 'said' && isText(text) && typeof ref === 'string' && ref.length <= 64;
}

/** How every room keeps what was said, for those who come later or come back. */
export const conversation: Omit<ChannelRule, 'authorize'> = { publish: isSaid, persistent: { maxMessages: 100 } };

const room: ChannelRule = {
  ...conversation,
  authorize: ({ params, userId }) => userId !== null && roomFrom(params['room']) === params['room'] && member(userId),
};

export const rooms: Readonly<Record<string, ChannelRule>> = {
  [ROOM_COUNTS]: {},
  [`${PREFIX}{room}`]: room,
  // More specific than the pattern, so this is the rule of that one room.
  [`${PREFIX}booth`]: { ...room, authorize: ({ userId }) => userId !== null && member(userId), maxClients: 4 },
};

export function channelOfRoom(name: string): string {
  return PREFIX + name;
}

/** The room that a channel stands for; `null` when it is none, or a private one. */
export function roomOfChannel(channel: string): string | null {
  return channel.startsWith(PREFIX) ? channel.slice(PREFIX.length) : null;
}
