import type { PartMessage, ServerMessage } from '../protocol/wire/server.messages.js';

/** The subscription on one link. */
export interface Place {
  isLive: boolean;
  /** The id of the request that is under way. */
  call: string;
  attempt: number;
  held: ServerMessage[];
  parts: PartMessage[];
}
