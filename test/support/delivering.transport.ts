import { ConnectionTransport, type DeliveryAttempt } from '../../src/contracts/connection.transport.js';

/** Closes whatever it is told to, and knows nothing more of connections: how messages are delivered is the test's to say. */
export abstract class DeliveringTransport extends ConnectionTransport {
  /** @param served the endpoint that it serves; `null` for all */
  constructor(private readonly served: string | null = null) {
    super();
  }

  serves(endpoint: string): boolean {
    return this.served === null || endpoint === this.served;
  }

  async close(): Promise<DeliveryAttempt> {
    return { status: 'delivered' };
  }

  isAlive(): null {
    return null;
  }

  async ask(): Promise<null> {
    return null;
  }
}
