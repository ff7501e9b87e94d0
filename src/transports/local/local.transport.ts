import {
  ConnectionTransport,
  type CloseOptions,
  type DeliveryOutcome,
  type DeliveryTarget,
  type OutgoingMessage,
} from '../../contracts/connection.transport.js';

/** What became of a message at a socket: it was taken, there is none, or too much waits for its client already. */
export type WriteOutcome = 'delivered' | 'gone' | 'throttled';

/** A socket of the embedded gateway, as the transport sees it. */
export interface LocalSocket {
  /** Writes one text message; tells whether the client's buffer had room for it. */
  send(message: OutgoingMessage): WriteOutcome;
  /** Starts the closing handshake. */
  close(code: number, reason: string): void;
}

const OUTCOMES: Readonly<Record<WriteOutcome, DeliveryOutcome>> = Object.freeze({
  delivered: Object.freeze({ status: 'delivered' }),
  gone: Object.freeze({ status: 'gone', reason: 'gone' }),
  throttled: Object.freeze({ status: 'throttled', reason: 'slow-consumer' }),
});

/** Reaches the sockets that the embedded gateway of this process holds, without a network in between. */
export class LocalTransport extends ConnectionTransport {
  private readonly sockets = new Map<string, LocalSocket>();

  constructor(private name: string) {
    super();
  }

  /** The name under which this process's sockets are recorded, `local:…`. */
  get endpoint(): string {
    return this.name;
  }

  /** Takes another name for the sockets of the future: to others, what is recorded under the former one is dead. */
  rename(endpoint: string): void {
    this.name = endpoint;
  }

  attach(connectionId: string, socket: LocalSocket): void {
    this.sockets.set(connectionId, socket);
  }

  detach(connectionId: string): void {
    this.sockets.delete(connectionId);
  }

  serves(endpoint: string): boolean {
    return endpoint === this.name;
  }

  override holds(connectionId: string): DeliveryTarget | null {
    return this.sockets.has(connectionId) ? { connectionId, endpoint: this.name } : null;
  }

  deliver({ connectionId }: DeliveryTarget, message: OutgoingMessage): DeliveryOutcome {
    return OUTCOMES[this.sockets.get(connectionId)?.send(message) ?? 'gone'];
  }

  async close({ connectionId }: DeliveryTarget, { code = 1000, reason = '' }: CloseOptions): Promise<DeliveryOutcome> {
    const socket = this.sockets.get(connectionId);
    socket?.close(code, reason);
    return OUTCOMES[socket === undefined ? 'gone' : 'delivered'];
  }

  isAlive({ connectionId }: DeliveryTarget): boolean {
    return this.sockets.has(connectionId);
  }

  async ask(target: DeliveryTarget): Promise<boolean> {
    return this.isAlive(target);
  }
}
