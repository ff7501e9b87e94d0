import type { Connection } from '../contracts/connection.js';
import type { TransportRouter } from '../fanout/transport.router.js';

/**
 * An endpoint that gives no answer so many times in a row is not asked again: one that refuses or hangs would hold up a sweep for as
 * long as each question may take, times the connections that it has.
 */
const MAX_SILENCE = 100;

/** Asks gateways which connections are alive, and counts those that it could not learn about. */
export class GatewayInquiry {
  /** How many connections no gateway gave an answer for. */
  unanswered = 0;
  /** How many connections this process knows no way to ask about. */
  unreachable = 0;
  private readonly silence = new Map<string, number>();

  constructor(private readonly router: TransportRouter) {}

  /** Whether the connection is alive; `null` when that cannot be learned now. */
  async isAlive(connection: Connection): Promise<boolean | null> {
    const route = this.router.route(connection);
    if (route === null) {
      this.unreachable++;
      return null;
    }
    const { endpoint } = route.target;
    const silence = this.silence.get(endpoint) ?? 0;
    const answer = silence < MAX_SILENCE ? await route.transport.ask(route.target) : null;
    if (answer === null) {
      this.unanswered++;
      this.silence.set(endpoint, (this.silence.get(endpoint) ?? 0) + 1);
    } else this.silence.delete(endpoint);
    return answer;
  }
}
