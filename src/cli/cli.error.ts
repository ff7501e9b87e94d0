/** Ends a command with one line for a person, and an exit code for a script. */
export class CliError extends Error {
  override readonly name = 'CliError';

  /** @param message one sentence with the remedy in it */
  constructor(
    readonly exitCode: number,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
