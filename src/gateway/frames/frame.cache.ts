import type { OutgoingMessage } from '../../contracts/connection.transport.js';
import type { Compressor } from './compressor.js';
import { FramedMessage } from './framed.message.js';

/** Keeps the frames of a message for as long as the message is on its way. */
export class FrameCache {
  private readonly framed = new WeakMap<OutgoingMessage, FramedMessage>();

  /** @param compressor `null` where nothing is compressed */
  constructor(private readonly compressor: Compressor | null) {}

  of(message: OutgoingMessage): FramedMessage {
    let framed = this.framed.get(message);
    if (framed === undefined) {
      framed = this.once(message.payload);
      this.framed.set(message, framed);
    }
    return framed;
  }

  /** For a message with one recipient, which nobody asks for again. */
  once(payload: Uint8Array): FramedMessage {
    return new FramedMessage(payload, this.compressor);
  }
}
