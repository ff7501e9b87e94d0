import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  Application,
  Converter,
  ReferenceType,
  ReflectionKind,
  type DeclarationReflection,
  type ProjectReflection,
} from 'typedoc';
import { ROOT } from './documents.js';

interface Manifest {
  readonly exports: Readonly<Record<string, string | { readonly types: string }>>;
}

/** A public entry of the package, such as `nestjs-apigateway-websocket/client`. */
export interface Entry {
  /** What the site calls it: `client`. */
  readonly name: string;
  /** Its source: `src/client/index.ts`. */
  readonly source: string;
}

/** The entries of package.json that have an interface of their own. */
export function readEntries(): readonly Entry[] {
  const { exports } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as Manifest;
  const sources = Object.values(exports).flatMap((entry) =>
    typeof entry === 'string' ? [] : [entry.types.replace(/^\.\/dist\/(.+)\.d\.ts$/, 'src/$1.ts')],
  );
  return [...new Set(sources)].map((source) => ({ source, name: nameOf(source) }));
}

function nameOf(source: string): string {
  return /^src\/(.+)\/index\.ts$/.exec(source)?.[1] ?? 'application';
}

/** Writes the reference of everything that the package exports, from its docstrings: a page for each name. @throws Error */
export async function writeApi(folder: string): Promise<void> {
  const application = await Application.bootstrapWithPlugins({
    entryPoints: readEntries().map(({ source }) => join(ROOT, source)),
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
  // Before they are put into groups.
  application.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => {
    for (const constructor of constructorsForNest(project)) project.removeReflection(constructor);
  });
  const project = await application.convert();
  if (project === undefined) throw new Error('TypeDoc could not read the source: its lines above say why.');
  for (const entry of project.children ?? []) if (entry.name === 'index') entry.name = 'application';
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
  // An overview says what each is for, and signatures are code.
  indexFormat: 'table',
  useCodeBlocks: true,
  expandParameters: true,
  // Nearly all properties are read-only.
  tableColumnSettings: { hideModifiers: true },
  parametersFormat: 'table',
  interfacePropertiesFormat: 'table',
  propertyMembersFormat: 'table',
  typeDeclarationFormat: 'table',
};

/** Constructors that take what is not exported: only Nest calls them. */
function constructorsForNest(project: ProjectReflection): DeclarationReflection[] {
  const constructors = project.getReflectionsByKind(ReflectionKind.Constructor) as DeclarationReflection[];
  return constructors.filter(({ signatures = [] }) =>
    signatures.some(({ parameters = [] }) => parameters.some(({ type }) => isInternal(type))),
  );
}

function isInternal(type: unknown): boolean {
  return (
    type instanceof ReferenceType && type.reflection === undefined && type.package === 'nestjs-apigateway-websocket'
  );
}
