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

  it.each([
    { what: 'ES modules', manifest: '{ "type": "module" }', options: '' },
    { what: 'CommonJS', manifest: '{ "name": "chat" }', options: '--experimental-require-module' },
    { what: 'CommonJS, said so', manifest: '{ "type": "commonjs" }', options: '--experimental-require-module' },
  ])(
    'writes TypeScript that compiles in strict mode and answers events, into a project of $what',
    async ({ manifest, options }) => {
      await writeFile(join(folder, 'package.json'), manifest);
      await cli(['init', '--dir', folder]);
      const root = `import { Module } from '@nestjs/common';
        import { WebSocketModule } from 'nestjs-apigateway-websocket';
        import { websocketConfig } from './websocket.config.js';
        @Module({ imports: [WebSocketModule.forRoot(websocketConfig)] })
        export class AppModule {}`;
      await writeFile(join(folder, 'src/app.module.ts'), root);
      const compilerOptions = {
        ...{ target: 'es2023', module: 'nodenext', types: ['node'], strict: true, noUnusedLocals: true },
        ...{ experimentalDecorators: true, skipLibCheck: true, outDir: 'dist', rootDir: 'src' },
      };
      await writeFile(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['src'] }));
      await mkdir(join(folder, 'node_modules'));
      for (const name of ['@nestjs', '@types', 'reflect-metadata', 'rxjs']) {
        await symlink(join(ROOT, 'node_modules', name), join(folder, 'node_modules', name));
      }
      await symlink(ROOT, join(folder, 'node_modules/nestjs-apigateway-websocket'));
      await run(folder, process.execPath, TYPESCRIPT, '-p', 'tsconfig.json');
      // Lambda's Node 22 takes away what an option of the environment gives back.
      const { provider } = parseYaml(await read('serverless.yml')) as Service;
      expect(provider.environment['NODE_OPTIONS'] ?? '').toBe(options);
      const requestContext = { connectionId: 'a', domainName: 'chat.example.com', stage: 'prod', eventType: 'CONNECT' };
      const event = JSON.stringify({ requestContext: { ...requestContext, routeKey: '$connect' } });
      const invoke = `import('./dist/lambda.js').then(async ({ handler }) => {
        console.log(JSON.stringify(await handler(${event})));
        process.exit();
      });`;
      const args = options === '' ? ['-e', invoke] : [options, '-e', invoke];
      const { stdout } = await run(folder, process.execPath, ...args);
      expect(stdout).toContain('{"statusCode":200,');
    },
    60_000,
  );

  it('writes a serverless.yml with the routes that are asked for, each once', async () => {
    await cli(['init', '--dir', folder, '--routes', 'join, say,join']);
    const { functions } = parseYaml(await read('serverless.yml')) as Service;
    const routes = functions['websocket']!.events.map(({ websocket }) => websocket);
    expect(routes).toEqual(['$connect', '$disconnect', '$default', 'join', 'say']);
    const lambda = await read('src/lambda.ts');
    for (const { handler } of Object.values(functions)) {
      expect(lambda).toContain(`export const ${handler.split('.')[1]!} =`);
    }
  });

  it.each(['connected', 'channel', 'join,', '$connect', "it's", 'a b'])(
    'refuses %j for a route, and writes nothing',
    async (routes) => {
      const { code, stderr } = await cli(['init', '--dir', folder, '--routes', routes]);
      expect(code).toBe(2);
      expect(stderr).toContain('Expected names such as join,say');
      expect(await readdir(folder)).toEqual([]);
    },
  );

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

interface Service {
  readonly provider: { readonly environment: Readonly<Record<string, unknown>> };
  readonly functions: Readonly<Record<string, { readonly handler: string; readonly events: Record<string, string>[] }>>;
}

/** A parser of YAML that Jest brings along. */
function parseYaml(text: string): unknown {
  const require = createRequire(import.meta.url);
  return (require('js-yaml') as { load(text: string): unknown }).load(text);
}
