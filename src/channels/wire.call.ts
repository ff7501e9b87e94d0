import type { Connection } from '../contracts/connection.js';
import type { WebSocketMessageEvent } from '../protocol/events.js';

/** Who sent a message of the protocol, and by which event. */
export interface WireCall {
  /** As the event tells of it; its channels are not known from that. */
  readonly connection: Connection;
  /** Whether its socket is in this process, so that all of its messages come here. */
  readonly isHeld: boolean;
  readonly eventData: WebSocketMessageEvent;
}

/** Whom the others in a channel take a connection for. Nobody can choose another name than that of their user or connection. */
export function memberIdOf({ userId, connectionId }: Pick<Connection, 'userId' | 'connectionId'>): string {
  return userId ?? connectionId;
}
