import type { WriteStream } from 'node:tty';
import { CliError } from './cli.error.js';
import { ExitCode } from './exit-code.js';
import { printable, printableJson } from './printable.js';

type Stream = Pick<WriteStream, 'write' | 'on' | 'once' | 'off'> & { readonly isTTY?: boolean };

/** ANSI codes of what is shown by colour. */
const STYLES = Object.freeze({ bold: [1, 22], green: [32, 39], yellow: [33, 39], red: [31, 39] });

/**
 * Results on stdout, remarks on stderr. It waits where the reader is slower; once the reader has gone (`| head`), what is written is dropped, and
 * {@link isClosed} tells whoever still has much to say.
 */
export class Output {
  private hasNoReader = false;
  private failure: Error | undefined;

  constructor(
    private readonly stdout: Stream,
    private readonly stderr: Stream,
    /** Whether results are for a script. */
    readonly isJson: boolean,
  ) {
    stdout.on('error', (error: NodeJS.ErrnoException) => {
      this.hasNoReader = true;
      if (error.code !== 'EPIPE') this.failure ??= error;
    });
    stderr.on('error', () => undefined);
  }

  get isClosed(): boolean {
    return this.hasNoReader;
  }

  /** Whether a person watches what is remarked. */
  get isWatched(): boolean {
    return this.stderr.isTTY === true;
  }

  /** Writes lines whose parts were made {@link printable}. */
  async lines(lines: readonly string[]): Promise<void> {
    if (lines.length > 0) await this.write(`${lines.join('\n')}\n`);
  }

  /** Writes values as JSON, each in a line of its own. */
  async documents(values: readonly unknown[]): Promise<void> {
    await this.lines(values.map(printableJson));
  }

  /** A remark in one line, on stderr. */
  note(text: string): void {
    this.stderr.write(`${printable(text)}\n`);
  }

  /** Writes on stderr as it is. */
  raw(text: string): void {
    this.stderr.write(text);
  }

  styled(style: keyof typeof STYLES, text: string): string {
    if (this.stdout.isTTY !== true || process.env['NO_COLOR']) return text;
    const [on, off] = STYLES[style];
    return `\u001b[${on}m${text}\u001b[${off}m`;
  }

  /**
   * Resolves when everything that was written is out.
   *
   * @throws CliError when it could not be written, as on a disk that is full
   */
  async flush(): Promise<void> {
    await Promise.all([this.write(''), new Promise((resolve) => this.stderr.write('', () => resolve(undefined)))]);
    if (this.failure === undefined) return;
    throw new CliError(ExitCode.failed, `The output could not be written: ${this.failure.message}.`, {
      cause: this.failure,
    });
  }

  private async write(text: string): Promise<void> {
    if (this.hasNoReader) return;
    // Called with an error as well, once that was emitted or is about to be.
    await new Promise((resolve) => this.stdout.write(text, () => setImmediate(resolve)));
  }
}
