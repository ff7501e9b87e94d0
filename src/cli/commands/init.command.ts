import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ExitCode } from '../exit-code.js';
import { CONFIG_TEMPLATE } from '../init/config.template.js';
import { ENVIRONMENT_TEMPLATE } from '../init/environment.template.js';
import { lambdaTemplate } from '../init/lambda.template.js';
import { serverlessTemplate } from '../init/serverless.template.js';
import type { Invocation } from '../invocation.js';
import { printable } from '../printable.js';

interface InitFlags {
  readonly dir: string;
  readonly force?: true;
  readonly routes?: readonly string[];
}

type Fate = 'written' | 'replaced' | 'unchanged' | 'left alone';

/** Writes what an application needs to begin with. What is there already stays as it is, unless forced. */
export async function run({ options, output }: Invocation<InitFlags>): Promise<number> {
  const fates: { path: string; fate: Fate }[] = [];
  for (const [path, content] of await filesOf(options)) {
    const fate = await write(join(options.dir, path), content, options.force === true);
    fates.push({ path, fate });
    if (!output.isJson)
      await output.lines([`${fate.padEnd('left alone'.length)}  ${printable(join(options.dir, path))}`]);
  }
  const isComplete = fates.every(({ fate }) => fate !== 'left alone');
  if (output.isJson) await output.documents([{ files: fates }]);
  else if (isComplete)
    output.note('Next: WebSocketModule.forRoot(websocketConfig) in your root module, then "nest-websocket doctor".');
  if (isComplete) return ExitCode.done;
  output.note('What was there already and differs is left alone; --force replaces it.');
  return ExitCode.failed;
}

async function filesOf({
  dir,
  routes = [],
}: InitFlags): Promise<readonly (readonly [path: string, content: string])[]> {
  const project = { isCommonJs: await isCommonJs(dir) };
  return [
    ['src/websocket.config.ts', CONFIG_TEMPLATE],
    ['src/lambda.ts', lambdaTemplate(project)],
    ['.env.example', ENVIRONMENT_TEMPLATE],
    ['serverless.yml', serverlessTemplate({ routes, ...project })],
  ];
}

/** Whether what TypeScript compiles there is CommonJS: Node takes it for that unless package.json says otherwise. */
async function isCommonJs(folder: string): Promise<boolean> {
  const text = await readFile(join(folder, 'package.json'), 'utf8').catch(() => null);
  if (text === null) return false;
  try {
    return (JSON.parse(text) as { readonly type?: unknown } | null)?.type !== 'module';
  } catch {
    return false;
  }
}

async function write(path: string, content: string, isForced: boolean): Promise<Fate> {
  await mkdir(dirname(path), { recursive: true });
  try {
    // Fails where anything is, were it a link that leads nowhere: nothing is looked at first and written over after.
    await writeFile(path, content, { flag: 'wx' });
    return 'written';
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  const found = await readFile(path, 'utf8').catch(() => null);
  if (found === content) return 'unchanged';
  if (!isForced) return 'left alone';
  await writeFile(path, content);
  return 'replaced';
}
