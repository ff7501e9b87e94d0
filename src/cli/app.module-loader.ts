import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { DynamicModule, Type } from '@nestjs/common';
import { CliError } from './cli.error.js';
import { ExitCode } from './exit-code.js';

export type AppModule = Type | DynamicModule;

/** What `@Module` leaves on a class, one or more of them. */
const MODULE_KEYS = ['imports', 'providers', 'controllers', 'exports'];

/**
 * Imports the compiled file of an application's module: its default export, or else the only exported class that is a Nest module, or the one of
 * several that is called AppModule.
 *
 * @throws CliError
 */
export async function loadAppModule(path: string, exportName?: string): Promise<AppModule> {
  const exported = exportsOf(await importFile(path));
  if (exportName !== undefined) {
    const named = await exported.get(exportName);
    if (isModule(named)) return named;
    throw wrong(`${path} exports no Nest module called "${exportName}"; it exports ${listOf(exported)}.`);
  }
  const byDefault = await exported.get('default');
  if (isModule(byDefault)) return byDefault;
  const modules = [...exported].filter(([, value]) => isModule(value));
  const [first, second] = modules;
  const chosen = second === undefined ? first : modules.find(([name]) => name === 'AppModule');
  if (chosen !== undefined) return chosen[1] as AppModule;
  throw wrong(
    second === undefined
      ? `${path} exports no Nest module: give the compiled file of the application's root module, or name its export with --export.`
      : `${path} exports several Nest modules: say which with --export: ${listOf(new Map(modules))}.`,
  );
}

async function importFile(path: string): Promise<object> {
  if (/\.[cm]?ts$/.test(path)) {
    throw wrong(`${path} is TypeScript: compile it first, and give the compiled file, e.g. dist/app.module.js.`);
  }
  const file = resolve(path);
  const isFile = await stat(file).then(
    (found) => found.isFile(),
    () => false,
  );
  if (!isFile)
    throw wrong(`There is no file ${path}: give the compiled file of the root module, e.g. dist/app.module.js.`);
  try {
    return (await import(pathToFileURL(file).href)) as object;
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new CliError(ExitCode.failed, `${path} cannot be loaded: ${why.split('\n', 1)[0]}`, { cause });
  }
}

/** What a module exports. That of CommonJS may not be told before it has run, and is its default export. */
function exportsOf(namespace: object): ReadonlyMap<string, unknown> {
  const named = new Map<string, unknown>(Object.entries(namespace));
  const whole = named.get('default');
  const isCommonJs = typeof whole === 'object' && whole !== null && !isModule(whole);
  return isCommonJs ? new Map([...Object.entries(whole), ...named]) : named;
}

function isModule(value: unknown): value is AppModule {
  if (typeof value === 'object' && value !== null) return 'module' in value && typeof value.module === 'function';
  if (typeof value !== 'function') return false;
  // Comes with Nest, which the module has loaded.
  const { hasOwnMetadata } = Reflect as { readonly hasOwnMetadata?: (key: string, target: object) => boolean };
  return hasOwnMetadata !== undefined && MODULE_KEYS.some((key) => hasOwnMetadata(key, value));
}

function listOf(exported: ReadonlyMap<string, unknown>): string {
  return exported.size === 0 ? 'nothing' : [...exported.keys()].join(', ');
}

function wrong(message: string): CliError {
  return new CliError(ExitCode.usage, message);
}
