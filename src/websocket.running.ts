import type { ConnectionLifecycle } from './connections/connection.lifecycle.js';
import type { ConnectionStore } from './contracts/connection.store.js';
import { NotRunningError } from './errors/not-running.error.js';
import type { MessageSender } from './fanout/message.sender.js';
import type { TransportRouter } from './fanout/transport.router.js';
import type { WebSocketManager } from './websocket.manager.js';

/** An application that is up, and what in it leads to connections. */
export interface RunningApplication {
  readonly manager: WebSocketManager;
  readonly store: ConnectionStore;
  readonly lifecycle: ConnectionLifecycle;
  readonly sender: MessageSender;
  readonly router: TransportRouter;
}

/** What applications send through in place of their transports. */
export interface StandIn {
  /** Speaks where no application is up. */
  readonly manager: WebSocketManager;
  takeOver(application: RunningApplication): void;
  giveBack(application: RunningApplication): void;
}

// The one piece of static state in the package.
const running: RunningApplication[] = [];
let standIn: StandIn | null = null;

/** Makes the facade speak for an application; call what it returns when that closes. */
export function bindApplication(application: RunningApplication): () => void {
  running.push(application);
  standIn?.takeOver(application);
  return () => {
    const index = running.lastIndexOf(application);
    if (index >= 0) running.splice(index, 1);
    // A stand-in ends with the last of its applications, and keeps that one: what it still sends must not get out.
    if (running.length === 0) standIn = null;
  };
}

/** Puts `next` between all applications, those to come among them, and their transports, in the place of any before it. */
export function beginStandIn(next: StandIn): void {
  standIn = next;
  for (const application of running) next.takeOver(application);
}

/** Gives the applications back their transports, unless another stand-in has taken its place. */
export function endStandIn(former: StandIn): void {
  if (standIn !== former) return;
  standIn = null;
  for (const application of running) former.giveBack(application);
}

/** Whom the facade speaks for while `own` stands in; later its own manager. */
export function managerWith(own: StandIn): WebSocketManager {
  return standIn === own ? currentManager() : own.manager;
}

/**
 * The manager of the application that started last; where none is up, that of the stand-in.
 *
 * @throws NotRunningError when there is neither
 */
export function currentManager(): WebSocketManager {
  const manager = running.at(-1)?.manager ?? standIn?.manager;
  if (manager === undefined) throw new NotRunningError();
  return manager;
}
