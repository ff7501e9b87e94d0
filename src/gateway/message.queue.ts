/** A message as it came. */
export interface IncomingMessage {
  readonly data: Buffer;
  readonly isBinary: boolean;
}

/** What a queue works with. */
export interface MessageQueueOwner {
  /** Handles one message. Never rejects. */
  handle(message: IncomingMessage): Promise<void>;
  /** Has the client's socket left unread, so that it is pushed back on instead of filling the memory, or read again. */
  leaveUnread(isUnread: boolean): void;
}

/** How much of one client's messages is handled at once. */
export interface MessageQueueLimits {
  readonly maxInFlightMessages: number;
  /** A message is handled alone even if it is larger. */
  readonly maxInFlightBytes: number;
}

/** The messages of one client: those that are being handled, and those that wait for it. */
export class MessageQueue {
  private readonly waiting: IncomingMessage[] = [];
  private inFlight = 0;
  private inFlightBytes = 0;
  private waitingBytes = 0;
  private readonly onIdle: (() => void)[] = [];

  constructor(
    private readonly owner: MessageQueueOwner,
    private readonly limits: MessageQueueLimits,
  ) {}

  /** What waits, in bytes. One read from a socket may bring much more than its own size where messages are compressed. */
  get backlogBytes(): number {
    return this.waitingBytes;
  }

  add(message: IncomingMessage): void {
    this.waiting.push(message);
    this.waitingBytes += message.data.byteLength;
    this.work();
  }

  /** Resolves when no message is being handled. */
  async idle(): Promise<void> {
    if (this.inFlight > 0) await new Promise<void>((resolve) => this.onIdle.push(resolve));
  }

  /** Whether no more is handled before something has been. */
  get isFull(): boolean {
    const { maxInFlightMessages, maxInFlightBytes } = this.limits;
    return this.inFlight >= maxInFlightMessages || this.inFlightBytes >= maxInFlightBytes;
  }

  private work(): void {
    while (!this.isFull) {
      const message = this.waiting.shift();
      if (message === undefined) break;
      const { byteLength } = message.data;
      this.waitingBytes -= byteLength;
      this.inFlight++;
      this.inFlightBytes += byteLength;
      void this.owner.handle(message).finally(() => this.handled(byteLength));
    }
    this.owner.leaveUnread(this.isFull);
  }

  private handled(byteLength: number): void {
    this.inFlight--;
    this.inFlightBytes -= byteLength;
    this.work();
    if (this.inFlight === 0) for (const tell of this.onIdle.splice(0)) tell();
  }
}
