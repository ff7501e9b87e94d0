import type { ChannelMessage, SubscribedMessage } from '../protocol/wire/server.messages.js';
import type { WirePosition } from '../protocol/wire/stream.position.js';

/** How many ids of messages without a number are remembered, to tell repeated ones. */
const REMEMBERED_IDS = 1_000;

/** The numbered messages between were lost: they are not in the history any more. */
export interface Gap {
  /** The last message that was shown. */
  readonly from: WirePosition;
  /** The last one of the channel, as far as known. */
  readonly to: WirePosition;
}

/** Shows each message of a channel once, and numbered ones in order: "What a client has to do" in `docs/protocol.md`. */
export class MessageStream {
  readonly #show: (message: ChannelMessage) => unknown;
  readonly #lost: (gap: Gap) => void;
  /** The last message shown. */
  position: WirePosition | undefined;
  /** Whether there was a `subscribed`. */
  isOpen = false;
  readonly #ahead = new Map<number, ChannelMessage>();
  readonly #seen = new Set<string>();

  constructor(show: (message: ChannelMessage) => unknown, lost: (gap: Gap) => void) {
    this.#show = show;
    this.#lost = lost;
  }

  /** Whether messages are held for one that has not come. */
  get hasGap(): boolean {
    return this.#ahead.size > 0;
  }

  /** `false` when the message is of another epoch: it has to wait until its channel was subscribed to again. */
  take(message: ChannelMessage): boolean {
    const { epoch, offset = 0, id } = message;
    if (epoch === undefined) {
      if (!this.#seen.has(id)) {
        this.#remember(id);
        this.#show(message);
      }
      return true;
    }
    // Without a position the channel had no messages yet: this stream began after us.
    this.position ??= { epoch, offset: 0 };
    if (epoch !== this.position.epoch) return false;
    if (offset > this.position.offset) {
      this.#ahead.set(offset, message);
      this.#drain();
    }
    return true;
  }

  /** Goes on with what the server answered to a subscription, and has sent in parts before. */
  begin({ epoch, offset = 0, recovered }: SubscribedMessage, messages: readonly ChannelMessage[]): void {
    const wasHere = this.isOpen;
    this.isOpen = true;
    if (epoch === undefined) {
      // The channel has forgotten everything; what it said since then is not to be had.
      const from = this.position;
      if (from) this.#lost({ from, to: from });
      this.#restart(undefined);
      for (const message of messages) this.take(message);
      return;
    }
    const to = { epoch, offset };
    // Who was here before the first message misses nothing if they get all from the first on.
    const from = this.position ?? (wasHere ? { epoch, offset: 0 } : undefined);
    const isComplete = recovered ?? (messages[0]?.offset === 1 || offset === 0);
    const isSame = from?.epoch === epoch;
    if (from && isSame && (isComplete || from.offset >= offset)) {
      this.position = from;
      for (const message of messages) this.take(message);
      // What the server calls complete is: an offset that it left out was never a message.
      if (offset > this.position.offset) this.#restart(to);
    } else {
      if (!isSame) this.#ahead.clear();
      this.#restart(to);
      if (from) this.#lost({ from, to });
      for (const message of messages) if (!isSame || (message.offset ?? 0) > from.offset) this.#show(message);
    }
    this.#drain();
  }

  #restart(position: WirePosition | undefined): void {
    this.position = position;
    for (const offset of this.#ahead.keys()) if (!position || offset <= position.offset) this.#ahead.delete(offset);
  }

  #drain(): void {
    let next: ChannelMessage | undefined;
    while (this.position && (next = this.#ahead.get(this.position.offset + 1))) {
      const { epoch, offset } = this.position;
      this.#ahead.delete(offset + 1);
      this.position = { epoch, offset: offset + 1 };
      this.#show(next);
    }
  }

  #remember(id: string): void {
    this.#seen.add(id);
    if (this.#seen.size > REMEMBERED_IDS) for (const oldest of this.#seen) return void this.#seen.delete(oldest);
  }
}
