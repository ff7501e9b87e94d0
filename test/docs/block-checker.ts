import { join } from 'node:path';
import ts from 'typescript';
import { ROOT, type CodeBlock } from './documents.js';

/** What every block may use without declaring it; CONTRIBUTING.md tells authors. */
const GIVEN = `
import type { WebSocketManager } from 'nestjs-apigateway-websocket';
declare global {
  const manager: WebSocketManager;
  const connectionId: string;
}
`;

const OPTIONS: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2023,
  lib: ['lib.es2023.d.ts', 'lib.es2024.string.d.ts'],
  types: ['node'],
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
  moduleDetection: ts.ModuleDetectionKind.Force,
  strict: true,
  isolatedModules: true,
  experimentalDecorators: true,
  emitDecoratorMetadata: true,
  skipLibCheck: true,
  noEmit: true,
  paths: {
    'nestjs-apigateway-websocket': [join(ROOT, 'src/index.ts')],
    'nestjs-apigateway-websocket/client': [join(ROOT, 'src/client/index.ts')],
    'nestjs-apigateway-websocket/gateway': [join(ROOT, 'src/gateway/index.ts')],
    'nestjs-apigateway-websocket/lambda': [join(ROOT, 'src/lambda/index.ts')],
    'nestjs-apigateway-websocket/testing': [join(ROOT, 'src/testing/index.ts')],
    'nestjs-apigateway-websocket/testing/contract': [join(ROOT, 'src/testing/contract/index.ts')],
  },
};

/** Type-checks blocks against the source, each as a module of its own; a sentence for each thing that is wrong. */
export function typeCheck(blocks: readonly CodeBlock[]): string[] {
  const given = join(ROOT, '.documents/given.ts');
  const files = new Map([[given, GIVEN]]);
  const blockOf = new Map<string, CodeBlock>();
  for (const block of blocks) {
    const path = pathOf(block);
    if (files.has(path)) return [`${block.document}:${block.line}: another block is called ${block.fileName}, too.`];
    files.set(path, block.text);
    blockOf.set(path, block);
  }
  const program = ts.createProgram([...files.keys()], OPTIONS, hostWith(files));
  // The source is checked elsewhere, and takes longer than all blocks.
  const sources = [...files.keys()].map((path) => program.getSourceFile(path));
  return [
    ...program.getOptionsDiagnostics(),
    ...program.getGlobalDiagnostics(),
    ...sources.flatMap((source) => [
      ...program.getSyntacticDiagnostics(source),
      ...program.getSemanticDiagnostics(source),
    ]),
  ].map((diagnostic) => describe(diagnostic, blockOf));
}

/** Blocks live in a folder that is on no disk; node_modules is found above it. */
function pathOf({ document, line, fileName }: CodeBlock): string {
  return join(ROOT, '.documents', document, fileName ?? `block-${line}.ts`);
}

function hostWith(files: ReadonlyMap<string, string>): ts.CompilerHost {
  const host = ts.createCompilerHost(OPTIONS);
  const { fileExists, readFile, getSourceFile, directoryExists } = host;
  return Object.assign(host, {
    getCurrentDirectory: () => ROOT,
    fileExists: (path: string) => files.has(path) || fileExists(path),
    readFile: (path: string) => files.get(path) ?? readFile(path),
    directoryExists: (path: string) =>
      [...files.keys()].some((file) => file.startsWith(`${path}/`)) || directoryExists?.(path) === true,
    getSourceFile: (path: string, language: ts.ScriptTarget | ts.CreateSourceFileOptions) => {
      const text = files.get(path);
      return text === undefined ? getSourceFile(path, language) : ts.createSourceFile(path, text, language);
    },
  });
}

function describe({ file, start = 0, messageText }: ts.Diagnostic, blockOf: ReadonlyMap<string, CodeBlock>): string {
  const message = ts.flattenDiagnosticMessageText(messageText, ' ');
  const block = file === undefined ? undefined : blockOf.get(file.fileName);
  if (file === undefined || block === undefined) return message;
  return `${block.document}:${block.line + file.getLineAndCharacterOfPosition(start).line}: ${message}`;
}
