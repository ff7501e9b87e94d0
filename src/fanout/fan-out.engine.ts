import { Logger } from '@nestjs/common';
import type { ConnectionLifecycle } from '../connections/connection.lifecycle.js';
import type { Connection } from '../contracts/connection.js';
import type { ConnectionStore } from '../contracts/connection.store.js';
import type { DeliveryOutcome } from '../contracts/connection.transport.js';
import { ConcurrencyGate, forEachAtMost } from './concurrency.gate.js';
import type { TransportRouter } from './transport.router.js';

/** Pages of connection ids. */
export type Recipients = AsyncIterable<readonly string[]> | Iterable<readonly string[]>;

/** Told the outcome of each connection, once. */
export type OutcomeListener = (connectionId: string, outcome: DeliveryOutcome) => void;

export interface FanOutOptions {
  /** How many deliveries are under way at once. */
  readonly maxConcurrentSends: number;
}

const UNKNOWN: DeliveryOutcome = Object.freeze({ status: 'gone', reason: 'unknown-connection' });
const OPENING: DeliveryOutcome = Object.freeze({ status: 'failed', reason: 'still-connecting' });
const NO_ENDPOINT: DeliveryOutcome = Object.freeze({ status: 'failed', reason: 'no-endpoint' });
const BROKEN_TRANSPORT: DeliveryOutcome = Object.freeze({ status: 'failed', reason: 'transport-error' });
const OTHER_PROCESS: DeliveryOutcome = Object.freeze({ status: 'failed', reason: 'other-process' });

/**
 * Delivers one message to any number of connections: page by page, a bounded number at a time, each connection once. One that is slow,
 * gone or failing neither delays nor fails the others; those that are gone are forgotten by the time the call returns.
 */
export class FanOutEngine {
  private readonly logger = new Logger('WebSocket');
  private readonly said = new Set<string>();

  constructor(
    private readonly store: ConnectionStore,
    private readonly lifecycle: ConnectionLifecycle,
    private readonly router: TransportRouter,
    private readonly options: FanOutOptions,
  ) {}

  /** @throws StoreUnavailableError when the store cannot tell who the recipients are, after what was under way has ended */
  async deliver(recipients: Recipients, payload: Uint8Array, onOutcome: OutcomeListener): Promise<void> {
    const gate = new ConcurrencyGate(this.options.maxConcurrentSends);
    const seen = new Set<string>();
    const gone: Connection[] = [];
    const settle = (connection: Connection, outcome: DeliveryOutcome): void => {
      onOutcome(connection.connectionId, outcome);
      if (outcome.status === 'gone') gone.push(connection);
    };
    try {
      for await (const page of recipients) {
        const fresh = page.filter((connectionId) => seen.size !== seen.add(connectionId).size);
        const connections = await this.store.findMany(fresh);
        for (const [index, connection] of connections.entries()) {
          if (connection === null) {
            onOutcome(fresh[index] as string, UNKNOWN);
            continue;
          }
          if (gate.isFull) await gate.room();
          const outcome = this.attempt(connection, payload);
          if (outcome instanceof Promise) {
            const settled = outcome.catch(() => BROKEN_TRANSPORT);
            gate.track(settled.then((value) => settle(connection, value)));
          } else settle(connection, outcome);
        }
      }
    } finally {
      await gate.drained();
    }
    await this.prune(gone);
  }

  private attempt(connection: Connection, payload: Uint8Array): DeliveryOutcome | Promise<DeliveryOutcome> {
    if (this.lifecycle.isOpening(connection.connectionId)) {
      this.sayOnce(
        'opening',
        'A message to a connection was not sent because its $connect is still being answered; API Gateway would refuse it with 410. ' +
          'Send welcome messages when the first message of the connection arrives.',
      );
      return OPENING;
    }
    const route = this.router.route(connection);
    if (route !== null) return route.transport.deliver(route.target, payload);
    if (connection.endpoint !== null) return OTHER_PROCESS;
    this.sayOnce(
      'no-endpoint',
      'A message was not sent because the endpoint of its connection is not known; set the option "apiGatewayEndpoint" or the ' +
        'environment variable WEBSOCKET_API_GATEWAY_ENDPOINT.',
    );
    return NO_ENDPOINT;
  }

  private async prune(gone: readonly Connection[]): Promise<void> {
    try {
      await forEachAtMost(this.options.maxConcurrentSends, gone, (connection) => this.lifecycle.endGone(connection));
    } catch {
      // The messages are delivered all the same; the next send meets the same 410 and prunes then.
      this.logger.warn('Connections that are gone could not be removed: the store failed.');
    }
  }

  private sayOnce(topic: string, message: string): void {
    if (this.said.has(topic)) return;
    this.said.add(topic);
    this.logger.warn(message);
  }
}
