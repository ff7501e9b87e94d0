import { GatewayObserver, type ClosedBy } from '../contracts/gateway.observer.js';

/** Tells two observers of the gateway. */
export class CombinedGatewayObserver extends GatewayObserver {
  constructor(
    private readonly first: GatewayObserver,
    private readonly second: GatewayObserver,
  ) {
    super();
  }

  refused(status: number, connectionId: string | null): void {
    this.first.refused(status, connectionId);
    this.second.refused(status, connectionId);
  }

  opened(connectionId: string): void {
    this.first.opened(connectionId);
    this.second.opened(connectionId);
  }

  closed(connectionId: string, by: ClosedBy, code: number): void {
    this.first.closed(connectionId, by, code);
    this.second.closed(connectionId, by, code);
  }

  received(bytes: number): void {
    this.first.received(bytes);
    this.second.received(bytes);
  }

  handled(connectionId: string, routeKey: string | null, status: number, durationMs: number): void {
    this.first.handled(connectionId, routeKey, status, durationMs);
    this.second.handled(connectionId, routeKey, status, durationMs);
  }

  sent(bytes: number): void {
    this.first.sent(bytes);
    this.second.sent(bytes);
  }

  slowed(connectionId: string): void {
    this.first.slowed(connectionId);
    this.second.slowed(connectionId);
  }
}
