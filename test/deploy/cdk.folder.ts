import { build } from 'esbuild';
import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import type { Template } from './cloudformation.js';

const ROOT = join(import.meta.dirname, '../..');
const run = promisify(execFile);

/** What a stack was synthesized to. */
export interface Synthesized {
  readonly template: Template & { readonly Outputs: Readonly<Record<string, unknown>> };
  /** The folder with the assets, `asset.{hash}` each. */
  readonly output: string;
}

/** `sample-app/deploy/cdk` beside a bundle, in a folder of its own, where apps run as the CLI of the CDK has them run: by `cdk.json`, with context in the environment. */
export class CdkFolder {
  private runs = 0;

  private constructor(private readonly folder: string) {}

  static async create(): Promise<CdkFolder> {
    const folder = await mkdtemp(join(tmpdir(), 'cdk-'));
    const filter = (path: string): boolean => basename(path) !== 'dist';
    await cp(join(ROOT, 'sample-app/deploy/cdk'), join(folder, 'deploy/cdk'), { recursive: true, filter });
    await mkdir(join(folder, 'deploy/dist'));
    for (const name of ['lambda', 'authorizer']) {
      await writeFile(join(folder, `deploy/dist/${name}.mjs`), `export const handler = '${name}';\n`);
    }
    await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
    return new CdkFolder(folder);
  }

  /** Runs what `cdk.json` names. */
  async synthesize(stack: string, context: Readonly<Record<string, string>> = {}): Promise<Synthesized> {
    const { app } = JSON.parse(await readFile(join(this.path, 'cdk.json'), 'utf8')) as { readonly app: string };
    return this.outputOf(stack, context, ['sh', ['-c', app]]);
  }

  /** Runs another app, e.g. one that uses the construct otherwise. */
  async synthesizeApp(entry: string, stack: string): Promise<Synthesized> {
    const outfile = join(this.path, 'other.app.cjs');
    await build({ entryPoints: [entry], outfile, bundle: true, packages: 'external', platform: 'node' });
    return this.outputOf(stack, {}, [process.execPath, [outfile]]);
  }

  private async outputOf(
    stack: string,
    context: Readonly<Record<string, string>>,
    [command, args]: [string, string[]],
  ): Promise<Synthesized> {
    const output = join(this.folder, `out-${++this.runs}`);
    const env = {
      PATH: process.env['PATH'],
      HOME: this.folder,
      // The first is checked against CloudFormation's schemas, which takes most of the time.
      ...(this.runs > 1 && { CDK_VALIDATION: 'false' }),
      CDK_OUTDIR: output,
      CDK_CONTEXT_JSON: JSON.stringify({ 'aws:cdk:enable-path-metadata': true, ...context }),
    };
    await run(command, args, { cwd: this.path, env });
    const text = await readFile(join(output, `${stack}.template.json`), 'utf8');
    return { template: JSON.parse(text) as Synthesized['template'], output };
  }

  private get path(): string {
    return join(this.folder, 'deploy/cdk');
  }

  remove(): Promise<void> {
    return rm(this.folder, { recursive: true, force: true });
  }
}
