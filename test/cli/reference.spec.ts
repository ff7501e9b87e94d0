import { describe, expect, it } from '@jest/globals';
import { Command } from 'commander';
import { addCommands } from '../../src/cli/commands.js';
import { ExitCode } from '../../src/cli/exit-code.js';
import { codeIn, tableRows } from '../architecture/source.js';
import { readDocument } from '../docs/documents.js';

const reference = readDocument('docs/reference/cli.md');
const program = new Command();
addCommands(program, () => async () => undefined);

function section(heading: string): string {
  const start = reference.indexOf(`\n## ${heading}\n`);
  expect(start).toBeGreaterThan(0);
  const rest = reference.slice(start + 1);
  const end = rest.slice(1).search(/^## /m);
  return end < 0 ? rest : rest.slice(0, end + 1);
}

describe('docs/reference/cli.md', () => {
  it('names the commands that there are, in their order, each with a section', () => {
    const names = program.commands.map((command) => command.name());
    const overview = tableRows(reference.slice(0, reference.indexOf('\n## ')));
    expect(overview.slice(1).map(([command]) => codeIn(command ?? '')[0])).toEqual(names);
    for (const name of names) expect(section(name).length).toBeGreaterThan(100);
  });

  it('gives the exit codes that there are', () => {
    const rows = tableRows(section('Exit codes')).slice(1);
    expect(rows.map(([code, name]) => [codeIn(name ?? '')[0], Number(code)])).toEqual(Object.entries(ExitCode));
  });

  it('describes every option of every command, and none that does not exist', () => {
    const common = ['--json', '--debug'];
    const system = codeIn(section('Reach the running system')).flatMap((code) => /^--[\w-]+/.exec(code)?.[0] ?? []);
    for (const command of program.commands) {
      const text = section(command.name());
      const flags = command.options.map(({ long }) => long);
      const known = [...common, ...(flags.includes('--redis') ? system : [])];
      expect({
        command: command.name(),
        missing: flags.filter((flag) => !known.includes(flag!) && !text.includes(flag!)),
      }).toEqual({
        command: command.name(),
        missing: [],
      });
      const named = [...text.matchAll(/(?<![\w-])--[a-z][\w-]*/g)].map(([flag]) => flag);
      expect({ command: command.name(), strange: named.filter((flag) => !flags.includes(flag)) }).toEqual({
        command: command.name(),
        strange: [],
      });
    }
  });
});
