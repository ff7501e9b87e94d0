import { WebSocket, type RawData } from 'ws';
import type { Inflater } from './frames/inflation.gate.js';
import { PongQueue } from './pong.queue.js';

/** Whom a socket tells of what happens to it. */
export interface SocketOwner {
  received(data: Buffer, isBinary: boolean): void;
  /** What the client sent breaks the protocol, or the network failed. `closed` follows. */
  failed(error: Error): void;
  /** @param code what the client's close frame said, 1005 when that was empty, 1006 when there was none */
  closed(code: number, reason: Buffer): void;
}

/** A WebSocket that knows its owner, so that all sockets share the functions that listen to them. */
export class GatewaySocket extends WebSocket {
  owner: SocketOwner | null = null;
  private pongs: PongQueue | null = null;

  /** Tells `owner` of everything from now on. */
  belongTo(owner: SocketOwner): void {
    this.owner = owner;
    this.on('message', onMessage);
    this.on('ping', onPing);
    this.on('error', onError);
    this.on('close', onClose);
  }

  /**
   * What inflates its messages. The library does not document where it keeps that: `null` without compression, and in a version that keeps it elsewhere.
   */
  get inflater(): Inflater | null {
    const { _extensions: extensions } = this as unknown as {
      _extensions?: Readonly<Record<string, Partial<Inflater>>>;
    };
    const inflater = extensions?.['permessage-deflate'];
    return typeof inflater?.decompress === 'function' ? (inflater as Inflater) : null;
  }

  answerPing(data: Buffer): void {
    this.pongs ??= new PongQueue(this);
    this.pongs.answer(data);
  }
}

function onMessage(this: WebSocket, data: RawData, isBinary: boolean): void {
  (this as GatewaySocket).owner?.received(data as Buffer, isBinary);
}

function onPing(this: WebSocket, data: Buffer): void {
  if (this.readyState === this.OPEN) (this as GatewaySocket).answerPing(data);
}

function onError(this: WebSocket, error: Error): void {
  (this as GatewaySocket).owner?.failed(error);
}

function onClose(this: WebSocket, code: number, reason: Buffer): void {
  (this as GatewaySocket).owner?.closed(code, reason);
}
