import { join } from 'node:path';
import { Application } from 'typedoc';
import { ROOT } from './documents.js';

/** The public entries, by the names that the site gives them. */
export const API_ENTRIES: Readonly<Record<string, string>> = {
  application: 'src/index.ts',
  gateway: 'src/gateway/index.ts',
  client: 'src/client/index.ts',
  lambda: 'src/lambda/index.ts',
  testing: 'src/testing/index.ts',
};

const ENTRY_NAMES: Readonly<Record<string, string>> = { index: 'application' };

/** Writes the reference of everything that the package exports, from its docstrings: a page for each name. @throws Error */
export async function writeApi(folder: string): Promise<void> {
  const application = await Application.bootstrapWithPlugins({
    entryPoints: Object.values(API_ENTRIES).map((path) => join(ROOT, path)),
    tsconfig: join(ROOT, 'tsconfig.build.json'),
    plugin: ['typedoc-plugin-markdown'],
    out: folder,
    name: 'API',
    readme: 'none',
    logLevel: 'Warn',
    disableSources: true,
    excludeExternals: true,
    excludeInternal: true,
    excludePrivate: true,
    skipErrorChecking: true,
    treatWarningsAsErrors: true,
    // Types that stand in signatures without being exported are told by their names.
    validation: { notExported: false, invalidLink: true, notDocumented: false },
    ...MARKDOWN_OPTIONS,
  });
  const project = await application.convert();
  if (project === undefined) throw new Error('TypeDoc could not read the source: its lines above say why.');
  for (const entry of project.children ?? []) entry.name = ENTRY_NAMES[entry.name] ?? entry.name;
  await application.generateOutputs(project);
  if (application.logger.hasErrors() || application.logger.hasWarnings()) {
    throw new Error('TypeDoc found something wrong with the docstrings: its lines above say what.');
  }
}

/** Options of the plugin, which TypeDoc's own type does not know. */
const MARKDOWN_OPTIONS: object = {
  router: 'member',
  entryFileName: 'index',
  hideBreadcrumbs: true,
  hidePageHeader: true,
  parametersFormat: 'table',
  interfacePropertiesFormat: 'table',
  propertyMembersFormat: 'table',
  typeDeclarationFormat: 'table',
};
