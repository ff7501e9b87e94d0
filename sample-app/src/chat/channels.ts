// Rooms and names are both channels; the prefix keeps a room called "alice" apart from the person.
const ROOM = 'room:';
const NAME = 'name:';

export function channelOfRoom(room: string): string {
  return ROOM + room;
}

/** The room that a channel stands for, `null` when it is none. */
export function roomOfChannel(channel: string): string | null {
  return channel.startsWith(ROOM) ? channel.slice(ROOM.length) : null;
}

/** The channel of whoever has a name: `Alice` and `alice` are one. */
export function channelOfName(name: string): string {
  return NAME + name.toLowerCase();
}
