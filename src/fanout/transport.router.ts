import type { Connection } from '../contracts/connection.js';
import type { ConnectionTransport, DeliveryTarget } from '../contracts/connection.transport.js';

/** A transport and the connection as it addresses it. */
export interface Route {
  readonly transport: ConnectionTransport;
  readonly target: DeliveryTarget;
}

/** Endpoints of connections that live in this process rather than behind a URL start with this. */
export const LOCAL_SCHEME = 'local:';

/**
 * Finds the way to a connection: sockets of the embedded gateway are reached in process, all others through the configured endpoint
 * or, without one, through the endpoint that the connection came in by.
 */
export class TransportRouter {
  constructor(
    private readonly transports: readonly ConnectionTransport[],
    private readonly configuredEndpoint: string | null,
  ) {}

  /** `null` when no endpoint is known, or no transport serves it. */
  route({ connectionId, endpoint: recorded }: Pick<Connection, 'connectionId' | 'endpoint'>): Route | null {
    const endpoint = recorded?.startsWith(LOCAL_SCHEME) === true ? recorded : (this.configuredEndpoint ?? recorded);
    if (endpoint === null) return null;
    const transport = this.transports.find((candidate) => candidate.serves(endpoint));
    return transport === undefined ? null : { transport, target: { connectionId, endpoint } };
  }

  async shutdown(): Promise<void> {
    await Promise.all(this.transports.map((transport) => transport.shutdown()));
  }
}
