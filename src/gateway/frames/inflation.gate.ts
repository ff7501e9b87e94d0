const NOTHING = Buffer.alloc(0);

/** Inflates the messages of one connection, frame by frame, the next one only when the one before is done. */
export interface Inflater {
  decompress(data: Buffer, isLast: boolean, done: InflatedFrame): void;
}

type InflatedFrame = (error: Error | null, inflated?: Buffer) => void;

/**
 * Stands in front of an inflater. One read of a socket brings 64 KB, which may hold a thousand times as much: while the application has enough to do
 * with a client, what was read of it stays as small as it came.
 */
export class InflationGate {
  private isHeld = false;
  private isOver = false;
  private resume: (() => void) | null = null;

  constructor(inflater: Inflater) {
    const inflate = inflater.decompress.bind(inflater);
    const decompress = (data: Buffer, isLast: boolean, done: InflatedFrame): void => {
      // Later, for the reader calls again from within: there may be thousands of frames.
      if (this.isOver) queueMicrotask(() => done(null, NOTHING));
      else if (this.isHeld) this.resume = () => decompress(data, isLast, done);
      else inflate(data, isLast, done);
    };
    inflater.decompress = decompress;
  }

  /** Nothing more is inflated until {@link release}. */
  hold(): void {
    this.isHeld = true;
  }

  release(): void {
    if (!this.isHeld) return;
    this.isHeld = false;
    this.goOn();
  }

  /** Nothing is inflated any more: nobody hears what else comes, but the reader has to get past it. */
  end(): void {
    this.isOver = true;
    this.goOn();
  }

  private goOn(): void {
    const { resume } = this;
    this.resume = null;
    resume?.();
  }
}
