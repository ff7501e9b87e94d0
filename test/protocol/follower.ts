import type { ChannelMessage, SubscribedMessage } from '../../src/protocol/wire/server.messages.js';
import type { WirePosition } from '../../src/protocol/wire/stream.position.js';

/** What a client has to do to show each message of a channel once and in order, as the document says it. */
export class Follower {
  /** The data of the messages that were shown. */
  readonly shown: unknown[] = [];
  /** That of the last message shown. */
  position: WirePosition | undefined;
  private readonly held = new Map<number, ChannelMessage>();

  /** Takes what came over one connection: the answer, with the messages of its parts, and the others in the order in which they came. */
  take(
    { epoch, recovered }: SubscribedMessage,
    missed: readonly ChannelMessage[],
    live: readonly ChannelMessage[],
  ): void {
    if (epoch === undefined) return;
    if (recovered === false) throw new Error('Messages were lost.');
    this.position ??= { epoch, offset: 0 };
    for (const message of [...missed, ...live]) this.hold(message);
  }

  private hold(message: ChannelMessage): void {
    const { epoch, offset } = message;
    const { position } = this;
    if (position === undefined || epoch !== position.epoch || offset === undefined) throw new Error('Another epoch.');
    if (offset > position.offset) this.held.set(offset, message);
    for (let next = this.next(); next !== undefined; next = this.next()) {
      this.shown.push(next.data);
      this.position = { epoch, offset: next.offset! };
    }
  }

  private next(): ChannelMessage | undefined {
    const offset = (this.position?.offset ?? 0) + 1;
    const message = this.held.get(offset);
    this.held.delete(offset);
    return message;
  }
}
