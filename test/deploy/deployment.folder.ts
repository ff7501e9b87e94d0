import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const ROOT = join(import.meta.dirname, '../..');
const DEPLOY = join(ROOT, 'sample-app/deploy');

export const SERVERLESS = createRequire(import.meta.url).resolve('serverless/bin/serverless.js');

/** `sample-app/deploy` as a developer has it after `npm run bundle`, in a folder of its own. */
export class DeploymentFolder {
  private constructor(
    private readonly folder: string,
    readonly path: string,
  ) {}

  /** @param isOfPackages whether what was left out of the bundle is found beside it, as on a developer's machine; on Lambda it is not */
  static async create({ isOfPackages = true } = {}): Promise<DeploymentFolder> {
    const folder = await mkdtemp(join(tmpdir(), 'deployment-'));
    const path = join(folder, 'deploy');
    await mkdir(path);
    for (const name of ['serverless.yml', 'resources']) {
      await cp(join(DEPLOY, name), join(path, name), { recursive: true });
    }
    if (isOfPackages) await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
    const command = ['sample-app/deploy/bundle.js', '--outdir', join(path, 'dist')];
    await promisify(execFile)(process.execPath, command, { cwd: ROOT });
    return new DeploymentFolder(folder, path);
  }

  /** What a command of the Serverless Framework runs in. It keeps a file of its own in the folder of its user. */
  get environment(): NodeJS.ProcessEnv {
    return {
      PATH: process.env['PATH'],
      HOME: this.folder,
      SLS_TELEMETRY_DISABLED: '1',
      SLS_NOTIFICATIONS_MODE: 'off',
      AWS_ACCESS_KEY_ID: 'AKIAEXAMPLE',
      AWS_SECRET_ACCESS_KEY: 'example-secret',
    };
  }

  /** Runs `osls package`, and resolves the folder of what it made. */
  async package(...args: string[]): Promise<string> {
    await promisify(execFile)(process.execPath, [SERVERLESS, 'package', ...args], {
      cwd: this.path,
      env: this.environment,
    });
    return join(this.path, '.serverless');
  }

  remove(): Promise<void> {
    return rm(this.folder, { recursive: true, force: true });
  }
}
