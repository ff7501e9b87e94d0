import { GatewayObserver, type ClosedBy } from '../contracts/gateway.observer.js';
import type { Log } from '../logging/log.js';

/** Tells the log of connections one by one. Of the messages that reach a route the handler tells. */
export class GatewayLines extends GatewayObserver {
  constructor(private readonly log: Log) {
    super();
  }

  refused(status: number, connectionId: string | null): void {
    this.log.debug('handshake.refused', 'A handshake was refused.', {
      connectionId: connectionId ?? undefined,
      status,
    });
  }

  opened(connectionId: string): void {
    this.log.debug('connection.opened', 'A connection was opened.', { connectionId });
  }

  closed(connectionId: string, by: ClosedBy, closeCode: number): void {
    this.log.debug('connection.closed', 'A connection was closed.', { connectionId, closeCode, cause: by });
  }

  received(): void {
    // Told of when it is handled.
  }

  handled(connectionId: string, routeKey: string | null): void {
    if (routeKey === null) this.log.debug('message.unrouted', 'A message matched no route.', { connectionId });
  }

  sent(): void {
    // There are too many.
  }

  slowed(connectionId: string): void {
    this.log.debug('connection.slow', 'A client reads too slowly: messages to it are not written.', { connectionId });
  }
}
