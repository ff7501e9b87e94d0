import { CliError } from './cli.error.js';
import { ExitCode } from './exit-code.js';

/** Far above what any gateway takes; the option `maxPayloadBytes` is checked by whoever sends. */
const MAX_STDIN_BYTES = 16_777_216;

export interface PayloadFlags {
  /** Whether it is sent as it is, and need not be JSON. */
  readonly text?: true;
}

/**
 * The bytes of a message: the argument, or with `-` what comes on stdin. They are sent as they were written, so that no number loses a digit.
 *
 * @throws CliError when it is neither JSON nor declared as text
 */
export async function payloadOf(
  argument: string,
  { text: isText }: PayloadFlags,
  stdin: AsyncIterable<Buffer> = process.stdin,
): Promise<Uint8Array> {
  const text = argument === '-' ? decode(await read(stdin)) : argument;
  if (isText === true) return new TextEncoder().encode(text);
  const json = text.trim();
  try {
    JSON.parse(json);
  } catch (cause) {
    throw new CliError(
      ExitCode.usage,
      'The data is no JSON: quote it, as in \'{"title":"Hello"}\' or \'"Hello"\', or send it as it is with --text.',
      { cause },
    );
  }
  return new TextEncoder().encode(json);
}

async function read(stdin: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stdin) {
    size += chunk.byteLength;
    if (size > MAX_STDIN_BYTES) {
      throw new CliError(
        ExitCode.usage,
        `The data on stdin is more than ${MAX_STDIN_BYTES} bytes: no gateway takes that.`,
      );
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** WebSocket messages are text, and what is not UTF-8 would close the connection at the client. */
function decode(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new CliError(ExitCode.usage, 'The data on stdin is not UTF-8: encode it, for example as base64 in JSON.', {
      cause,
    });
  }
}
