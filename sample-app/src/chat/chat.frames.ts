import type { ChatErrorCode } from './chat.error.js';

/** A room and how many connections are in it. */
export interface RoomCount {
  readonly room: string;
  readonly members: number;
}

/** What the server sends. Instants (`at`) are milliseconds since the Unix epoch. */
export type ChatFrame =
  /** The answer to `name`. `joined` are the rooms that the connection is in: a client that knows of more was forgotten, and joins again. */
  | {
      readonly type: 'welcome';
      readonly name: string;
      readonly rooms: readonly RoomCount[];
      readonly joined: readonly string[];
    }
  /** The answer to `join` and `who`. */
  | { readonly type: 'room'; readonly room: string; readonly members: readonly string[] }
  /** To a room: somebody came or went. `left` also answers `leave`. */
  | { readonly type: 'joined' | 'left'; readonly room: string; readonly name: string }
  /** To everyone: how many are in a room now. */
  | ({ readonly type: 'count' } & RoomCount)
  /** To a room, its sender included. */
  | {
      readonly type: 'message';
      readonly room: string;
      readonly from: string;
      readonly text: string;
      readonly at: number;
    }
  /** To one person, and to its sender. */
  | {
      readonly type: 'whisper';
      readonly from: string;
      readonly to: string;
      readonly text: string;
      readonly at: number;
    }
  /** To whoever asked for something that was not done. */
  | { readonly type: 'error'; readonly action: string; readonly code: ChatErrorCode; readonly message: string };
