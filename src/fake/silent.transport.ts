import { ConnectionTransport, type DeliveryOutcome } from '../contracts/connection.transport.js';

const DONE: DeliveryOutcome = Object.freeze({ status: 'delivered' });

/** Reaches every connection, and nobody: all that is asked of it is done, and nothing happens. */
export class SilentTransport extends ConnectionTransport {
  serves(): boolean {
    return true;
  }

  deliver(): DeliveryOutcome {
    return DONE;
  }

  close(): Promise<DeliveryOutcome> {
    return Promise.resolve(DONE);
  }

  isAlive(): null {
    return null;
  }

  /** Who is known is there. */
  ask(): Promise<boolean> {
    return Promise.resolve(true);
  }
}
