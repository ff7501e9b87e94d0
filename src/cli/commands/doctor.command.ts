import { CliError } from '../cli.error.js';
import { examine } from '../doctor/examination.js';
import { problem, type Finding, type FindingStatus } from '../doctor/finding.js';
import { ExitCode } from '../exit-code.js';
import { failureOf } from '../failure.js';
import type { Invocation } from '../invocation.js';
import type { Output } from '../output.js';
import { printable } from '../printable.js';
import { onRunningSystem } from '../running.system.js';
import type { SystemFlags } from '../system.flags.js';

const STYLES: Readonly<Record<FindingStatus, 'green' | 'yellow' | 'red' | 'bold'>> = Object.freeze({
  ok: 'green',
  warning: 'yellow',
  problem: 'red',
  skipped: 'bold',
});

const LONGEST_STATUS = 'problem'.length;

/** Looks for what keeps the system from working, and says what to do about it. Ends with 0 or 1, but for a command line that cannot be read. */
export async function run({ options: flags, output, signal }: Invocation<SystemFlags>): Promise<number> {
  const findings: Finding[] = [];
  const tell = async (finding: Finding): Promise<void> => {
    findings.push(finding);
    if (!output.isJson) await output.lines(linesOf(finding, output));
  };
  const source = flags.app ?? 'the environment';
  try {
    await onRunningSystem(
      flags,
      output,
      async (system) => {
        for await (const finding of examine(system, system.servedOptions(), source)) {
          if (signal.aborted) break;
          await tell(finding);
        }
      },
      { acceptsMemory: true },
    );
  } catch (error) {
    if (error instanceof CliError) throw error;
    const { message } = failureOf(error);
    await tell(problem('configuration', `The configuration of ${source} cannot be used: ${message}`, 'Correct it.'));
  }
  if (signal.aborted) return ExitCode.interrupted;
  const isWell = findings.every(({ status }) => status !== 'problem');
  if (output.isJson) await output.documents([{ isWell, findings }]);
  return isWell ? ExitCode.done : ExitCode.failed;
}

function linesOf({ check, status, message, remedy }: Finding, output: Output): string[] {
  const label = output.styled(STYLES[status], status.padEnd(LONGEST_STATUS));
  const line = `${label}  ${check}: ${printable(message)}`;
  return remedy === undefined ? [line] : [line, `${' '.repeat(LONGEST_STATUS + 2)}→ ${printable(remedy)}`];
}
