import { StoreUnavailableError, type WebSocketManager } from '../../src/index.js';
import { connect, disconnect, newConnectionId } from '../support/events.js';

const LANES = 48;

/** Who is connected while a load runs, and must be in every answer. */
export interface Anchor {
  readonly connectionId: string;
  readonly userId: string;
  readonly channel: string;
}

/** Many callers at once, who connect, join, look and disconnect until they are stopped, and what they were answered. */
export class StoreLoad {
  /** The users of connections that were accepted and have not ended. */
  readonly live = new Map<string, string>();
  /** Connections whose last event was answered 503. */
  readonly doubtful = new Set<string>();
  /** Answers that left the anchor out, and failures other than those of an absent store. */
  readonly wrong: unknown[] = [];
  succeeded = 0;
  failed = 0;
  slowestMs = 0;
  private isOn = true;
  private readonly lanes: readonly Promise<void>[];
  private readonly waiting = new Set<() => void>();

  constructor(
    private readonly manager: WebSocketManager,
    private readonly anchor: Anchor,
    private readonly users: readonly string[],
    private readonly channels: readonly string[],
  ) {
    this.lanes = Array.from({ length: LANES }, (_, lane) => this.run(lane));
  }

  /** Resolves when this holds; asked after each answer. */
  async until(holds: (load: this) => boolean): Promise<void> {
    while (!holds(this)) await new Promise<void>((resolve) => this.waiting.add(resolve));
  }

  /** Resolves when every caller has its answer. */
  async stop(): Promise<void> {
    this.isOn = false;
    await Promise.all(this.lanes);
  }

  private async run(lane: number): Promise<void> {
    const userId = this.users[lane % this.users.length] ?? '';
    const channel = this.channels[lane % this.channels.length] ?? '';
    while (this.isOn) {
      const connectionId = newConnectionId();
      if (await this.handled(connectionId, connect({ connectionId, userId }))) {
        this.live.set(connectionId, userId);
        await this.answered(this.manager.joinChannel(connectionId, channel), (joined) => joined);
        await this.answered(this.manager.getConnectionsByUserId(this.anchor.userId), this.hasAnchor);
        await this.answered(this.manager.getConnectionsByChannel(this.anchor.channel), this.hasAnchor);
        if (lane % 2 === 0) {
          this.live.delete(connectionId);
          await this.handled(connectionId, disconnect(connectionId));
        }
      }
      // What fails at once must not keep the event loop from everything else.
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  private readonly hasAnchor = (ids: readonly string[]): boolean => ids.includes(this.anchor.connectionId);

  private async handled(connectionId: string, event: unknown): Promise<boolean> {
    const statusCode = await this.timed(this.manager.handle(event).then((response) => response.statusCode));
    if (statusCode === 503) this.doubtful.add(connectionId);
    else if (statusCode !== 200) this.wrong.push(statusCode);
    this.count(statusCode === 200);
    return statusCode === 200;
  }

  private async answered<Answer>(call: Promise<Answer>, isRight: (answer: Answer) => boolean): Promise<void> {
    try {
      const answer = await this.timed(call);
      if (!isRight(answer)) this.wrong.push(answer);
      this.count(true);
    } catch (error) {
      if (!(error instanceof StoreUnavailableError)) this.wrong.push(error);
      this.count(false);
    }
  }

  private async timed<Answer>(call: Promise<Answer>): Promise<Answer> {
    const startedAt = performance.now();
    return call.finally(() => {
      this.slowestMs = Math.max(this.slowestMs, performance.now() - startedAt);
    });
  }

  private count(hasSucceeded: boolean): void {
    if (hasSucceeded) this.succeeded++;
    else this.failed++;
    for (const resolve of this.waiting) resolve();
    this.waiting.clear();
  }
}
