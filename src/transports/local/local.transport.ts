import {
  ConnectionTransport,
  type CloseOptions,
  type DeliveryOutcome,
  type DeliveryTarget,
  type OutgoingMessage,
} from '../../contracts/connection.transport.js';

/** A socket of the embedded gateway, as the transport sees it. */
export interface LocalSocket {
  /** Writes one text message; tells whether the client's buffer had room for it. */
  send(payload: Uint8Array): 'delivered' | 'gone' | 'throttled';
  /** Starts the closing handshake. */
  close(code: number, reason: string): void;
}

const OUTCOMES: Readonly<Record<ReturnType<LocalSocket['send']>, DeliveryOutcome>> = Object.freeze({
  delivered: Object.freeze({ status: 'delivered' }),
  gone: Object.freeze({ status: 'gone', reason: 'gone' }),
  throttled: Object.freeze({ status: 'throttled', reason: 'slow-consumer' }),
});

/** Reaches the sockets that the embedded gateway of this process holds, without a network in between. */
export class LocalTransport extends ConnectionTransport {
  private readonly sockets = new Map<string, LocalSocket>();

  /** @param endpoint the name under which this process's sockets are recorded, `local:…` */
  constructor(readonly endpoint: string) {
    super();
  }

  attach(connectionId: string, socket: LocalSocket): void {
    this.sockets.set(connectionId, socket);
  }

  detach(connectionId: string): void {
    this.sockets.delete(connectionId);
  }

  serves(endpoint: string): boolean {
    return endpoint === this.endpoint;
  }

  deliver({ connectionId }: DeliveryTarget, { payload }: OutgoingMessage): DeliveryOutcome {
    return OUTCOMES[this.sockets.get(connectionId)?.send(payload) ?? 'gone'];
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
