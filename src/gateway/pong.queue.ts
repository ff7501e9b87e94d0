import type { WebSocket } from 'ws';

/** Pongs that wait for a client that does not read; what they cost is little, what a million of them cost is not. */
const MAX_UNSENT = 64;

/**
 * Answers a client's pings. One that pings without reading gets, beyond a few, only the answer to its latest ping, as RFC 6455 section 5.5.3
 * allows: answered each by itself, they would pile up without bound.
 */
export class PongQueue {
  private unsent = 0;
  private latest: Buffer | null = null;

  constructor(private readonly socket: WebSocket) {}

  answer(ping: Buffer): void {
    if (this.unsent >= MAX_UNSENT) {
      // A copy: the original keeps the whole chunk that it arrived in.
      this.latest = Buffer.from(ping);
      return;
    }
    this.unsent++;
    this.socket.pong(ping, false, this.sent);
  }

  private readonly sent = (): void => {
    this.unsent--;
    const { latest } = this;
    this.latest = null;
    if (latest !== null && this.socket.readyState === this.socket.OPEN) this.answer(latest);
  };
}
