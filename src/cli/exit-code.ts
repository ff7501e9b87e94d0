/** What the program's exit status says, the same for every command. */
export const ExitCode = Object.freeze({
  /** What was asked for is done. */
  done: 0,
  /** It was tried, and not all of it came about. */
  failed: 1,
  /** The command line, the configuration or the data cannot be used; nothing was done. */
  usage: 2,
  /** The store did not answer. */
  unavailable: 3,
  /** There is nobody whom it would have concerned. */
  nobody: 4,
  /** It was ended by a signal before it was done. */
  interrupted: 130,
});
