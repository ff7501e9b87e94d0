import type { Connection } from '../contracts/connection.js';
import type { ConnectionTransport, DeliveryTarget, OutgoingMessage } from '../contracts/connection.transport.js';

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
  private standIn: ConnectionTransport | null = null;

  constructor(
    private readonly transports: readonly ConnectionTransport[],
    private readonly configuredEndpoint: string | null,
  ) {}

  /** Has one transport close and answer for every connection from now on, wherever it is; with `null` its own do again. */
  divertTo(transport: ConnectionTransport | null): void {
    this.standIn = transport;
  }

  /** `null` when no endpoint is known, or no transport serves it. */
  route(connection: Pick<Connection, 'connectionId' | 'endpoint'>): Route | null {
    const { standIn } = this;
    if (standIn === null) return this.ownRoute(connection);
    return {
      transport: standIn,
      target: { connectionId: connection.connectionId, endpoint: connection.endpoint ?? '' },
    };
  }

  /** The same whatever stands in: for messages, which are diverted before they get here, or were on their way. */
  ownRoute(connection: Pick<Connection, 'connectionId' | 'endpoint'>): Route | null {
    const target = this.targetOf(connection);
    const transport =
      target === null ? undefined : this.transports.find((candidate) => candidate.serves(target.endpoint));
    return target === null || transport === undefined ? null : { transport, target };
  }

  /** The way to a connection whose socket this process holds; `null` for all others. */
  routeHere(connectionId: string): Route | null {
    for (const transport of this.transports) {
      const target = transport.holds?.(connectionId) ?? null;
      if (target !== null) return { transport, target };
    }
    return null;
  }

  /** Tells transports that gather deliveries that no more recipients of a message follow for now. */
  flush(message: OutgoingMessage): void {
    for (const transport of this.transports) transport.flush?.(message);
  }

  async shutdown(): Promise<void> {
    await Promise.all(this.transports.map((transport) => transport.shutdown()));
  }

  private targetOf(connection: Pick<Connection, 'connectionId' | 'endpoint'>): DeliveryTarget | null {
    const isFinal = this.configuredEndpoint === null || connection.endpoint?.startsWith(LOCAL_SCHEME) === true;
    // A broadcast comes by for each of its recipients: what is a target already is not copied.
    if (isFinal) return hasEndpoint(connection) ? connection : null;
    return { connectionId: connection.connectionId, endpoint: this.configuredEndpoint };
  }
}

function hasEndpoint(connection: Pick<Connection, 'connectionId' | 'endpoint'>): connection is DeliveryTarget {
  return connection.endpoint !== null;
}
