import { Command, CommanderError } from 'commander';
import { readFile } from 'node:fs/promises';
import { addCommands, type Invoke } from './commands.js';
import { ExitCode } from './exit-code.js';
import { failureOf } from './failure.js';
import { Output } from './output.js';
import { printableLines } from './printable.js';

/** What the program is called in. */
export interface Surroundings {
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  /** Aborted by SIGINT and SIGTERM. */
  readonly signal: AbortSignal;
}

/** Runs the program to its end; never rejects. @returns the exit code */
export async function runProgram(args: readonly string[], { stdout, stderr, signal }: Surroundings): Promise<number> {
  let exitCode: number = ExitCode.done;
  const invoke: Invoke = (load) =>
    async function (this: Command) {
      const options = this.opts<{ readonly json?: true; readonly debug?: true }>();
      const output = new Output(stdout, stderr, options.json === true);
      try {
        const { run } = await load();
        exitCode = await run({ args: this.args, options: options as never, output, signal });
        await output.flush();
      } catch (error) {
        const { exitCode: code, message, details } = failureOf(error);
        if (options.debug === true) output.raw(`${printableLines(details)}\n`);
        output.note(`error: ${message}`);
        exitCode = code;
      }
    };
  const program = new Command('nest-websocket')
    .description('Serves, watches and operates WebSockets of nestjs-apigateway-websocket.')
    .version(await version())
    .exitOverride()
    .showSuggestionAfterError()
    .configureOutput({
      writeOut: (text) => void stdout.write(text),
      writeErr: (text) => void stderr.write(text),
      outputError: (text, write) => write(printableLines(text)),
    });
  addCommands(program, invoke);
  try {
    await program.parseAsync(args, { from: 'user' });
    return exitCode;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    // It has answered by itself: with help, or with what is wrong.
    return error.exitCode === 0 ? ExitCode.done : ExitCode.usage;
  }
}

async function version(): Promise<string> {
  const manifest = await readFile(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(manifest) as { readonly version: string }).version;
}
