import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readDocument } from '../docs/documents.js';
import { run, TYPESCRIPT } from '../package/support/packed-package.js';
import { cli, documents, ROOT } from './cli.process.js';

// Each call is a process of its own.
jest.setTimeout(60_000);

const FILES = ['.env.example', 'serverless.yml', 'src/lambda.ts', 'src/websocket.config.ts'];

describe('nest-websocket init', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'nest-websocket-init-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  const read = (path: string): Promise<string> => readFile(join(folder, path), 'utf8');

  it('writes a configuration into an empty folder, and nothing else', async () => {
    const { code, stdout } = await cli(['init'], { cwd: folder });
    expect(code).toBe(0);
    expect(stdout.match(/^written {5}\S+$/gm)?.length).toBe(4);
    const written = await readdir(folder, { recursive: true, withFileTypes: true });
    expect(
      written
        .filter((entry) => entry.isFile())
        .map(({ parentPath, name }) => join(parentPath, name).slice(folder.length + 1))
        .sort(),
    ).toEqual(FILES);
  });

  it('leaves alone what is there, says so and ends with 1; replaces it with --force', async () => {
    await writeFile(join(folder, 'serverless.yml'), 'mine');
    const first = await cli(['init', '--json', '--dir', folder]);
    expect(first.code).toBe(1);
    expect(documents(first.stdout)).toEqual([
      {
        files: [
          { path: 'src/websocket.config.ts', fate: 'written' },
          { path: 'src/lambda.ts', fate: 'written' },
          { path: '.env.example', fate: 'written' },
          { path: 'serverless.yml', fate: 'left alone' },
        ],
      },
    ]);
    expect(await read('serverless.yml')).toBe('mine');
    const forced = await cli(['init', '--force', '--dir', folder]);
    expect(forced.code).toBe(0);
    expect(forced.stdout).toMatch(/^unchanged .*lambda\.ts$[^]*^replaced .*serverless\.yml$/m);
    expect(await read('serverless.yml')).toMatch(/^service: /m);
  });

  it('does not write through a link that leads out of the folder', async () => {
    const target = join(folder, 'elsewhere');
    await symlink(target, join(folder, '.env.example'));
    expect((await cli(['init', '--dir', folder])).code).toBe(1);
    expect(await readdir(folder)).not.toContain('elsewhere');
  });

  it('writes TypeScript that compiles in strict mode', async () => {
    await cli(['init', '--dir', folder]);
    const root = `import { Module } from '@nestjs/common';
      import { WebSocketModule } from 'nestjs-apigateway-websocket';
      import { websocketConfig } from './websocket.config.js';
      @Module({ imports: [WebSocketModule.forRoot(websocketConfig)] })
      export class AppModule {}`;
    await writeFile(join(folder, 'src/app.module.ts'), root);
    await writeFile(join(folder, 'package.json'), '{ "type": "module" }');
    const compilerOptions = {
      ...{ target: 'es2023', module: 'nodenext', types: ['node'], strict: true, noUnusedLocals: true },
      ...{
        experimentalDecorators: true,
        verbatimModuleSyntax: true,
        skipLibCheck: true,
        outDir: 'dist',
        rootDir: 'src',
      },
    };
    await writeFile(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['src'] }));
    await mkdir(join(folder, 'node_modules'));
    for (const name of ['@nestjs', '@types', 'reflect-metadata', 'rxjs']) {
      await symlink(join(ROOT, 'node_modules', name), join(folder, 'node_modules', name));
    }
    await symlink(ROOT, join(folder, 'node_modules/nestjs-apigateway-websocket'));
    await run(folder, process.execPath, TYPESCRIPT, '-p', 'tsconfig.json');
    expect(await readdir(join(folder, 'dist'))).toContain('lambda.js');
  }, 60_000);

  it('writes a serverless.yml with routes, the permission to post, the sweep and the table', async () => {
    await cli(['init', '--dir', folder]);
    const template = parseYaml(await read('serverless.yml')) as {
      provider: { iam: { role: { statements: { Action: string | string[] }[] } } };
      functions: Record<string, { handler: string; events: Record<string, string>[] }>;
      resources: { Resources: Record<string, { Type: string }> };
    };
    const { provider, functions, resources } = template;
    expect(provider.iam.role.statements.flatMap(({ Action }) => Action)).toContain('execute-api:ManageConnections');
    expect(functions['websocket']?.events.map(({ websocket }) => websocket)).toEqual([
      '$connect',
      '$disconnect',
      '$default',
    ]);
    expect(functions['sweep']?.events).toEqual([{ schedule: 'rate(30 minutes)' }]);
    expect(resources.Resources['WebSocketConnections']?.Type).toBe('AWS::DynamoDB::Table');
    const lambda = await read('src/lambda.ts');
    for (const { handler } of Object.values(functions)) {
      expect(lambda).toContain(`export const ${handler.split('.')[1]!} =`);
    }
  });

  it('names every environment variable that the reference describes, each with a word on it', async () => {
    await cli(['init', '--dir', folder]);
    const lines = (await read('.env.example')).split('\n');
    const named = lines.flatMap((line) => /^# (WEBSOCKET_\w+)=\S+$/.exec(line)?.[1] ?? []);
    const cells = readDocument('docs/reference/options.md').matchAll(/\| *`(WEBSOCKET_\w+)`/g);
    const documented = new Set([...cells].map(([, name]) => name));
    expect(documented.size).toBeGreaterThan(10);
    expect(named.sort()).toEqual([...documented].sort());
    for (const name of named)
      expect(lines[lines.findIndex((line) => line.startsWith(`# ${name}=`)) - 1]).toMatch(/^# .+\.$/);
  });
});

/** A parser of YAML that Jest brings along. */
function parseYaml(text: string): unknown {
  const require = createRequire(import.meta.url);
  return (require('js-yaml') as { load(text: string): unknown }).load(text);
}
