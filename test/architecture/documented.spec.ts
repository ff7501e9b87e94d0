import { describe, expect, it } from '@jest/globals';
import ts from 'typescript';
import * as api from '../../src/index.js';
import { VARIABLES } from '../../src/options/environment.reader.js';
import { resolveWebSocketOptions } from '../../src/websocket.options-resolver.js';
import { codeIn, readText, sourceFiles, tableRows } from './source.js';

const errorsDocument = readText('docs/errors.md');
const optionsReference = readText('docs/reference/options.md');
const eventsReference = readText('docs/reference/events.md');
const readme = readText('README.md');

describe('errors', () => {
  const thrown = Object.entries<unknown>(api).flatMap(([exportedName, exported]) => {
    if (!isErrorClass(exported)) return [];
    const { name, code } = new exported('a', 'b');
    return [{ exportedName, name, code }];
  });

  it('are told apart by a literal name that equals the class', () => {
    const literals = sourceFiles()
      .filter((path) => /^src\/errors\/.*\.error\.ts$/.test(path) && !path.endsWith('module.error.ts'))
      .map((path) => {
        const [, className, name] =
          /class (\w+) extends WebSocketModuleError \{\n {2}override readonly name = '(\w+)';/.exec(readText(path)) ??
          [];
        return { path, className, name };
      });
    expect(literals.filter(({ className, name }) => className === undefined || className !== name)).toEqual([]);
    expect(literals.map(({ className }) => className).sort()).toEqual(
      thrown.map(({ exportedName }) => exportedName).sort(),
    );
    expect(thrown.filter(({ exportedName, name }) => exportedName !== name)).toEqual([]);
  });

  it('have one code each, and the type of codes lists just those', () => {
    const union = /export type WebSocketErrorCode =([^;]+);/.exec(
      readText('src/errors/websocket-module.error.ts'),
    )?.[1];
    expect([...(union ?? '').matchAll(/'(\w+)'/g)].map(([, code]) => code)).toEqual(
      thrown.map(({ code }) => code).sort(),
    );
  });

  it('have a section in docs/errors.md, and no section is about an error that does not exist', () => {
    const sections = [...errorsDocument.matchAll(/^## `(\w+)`\n\n([\s\S]*?)(?=^## |(?![\s\S]))/gm)];
    expect(sections.map(([, code]) => code).sort()).toEqual(thrown.map(({ code }) => code).sort());
    expect(sections.filter(([, , text]) => !text?.includes('**What to do:** ')).map(([, code]) => code)).toEqual([]);
  });

  it('stand in the overview of docs/errors.md with their classes', () => {
    const rows = tableRows(errorsDocument).slice(1);
    expect(rows.map(([code, className]) => [codeIn(code ?? '')[0], codeIn(className ?? '')[0]]).sort()).toEqual(
      thrown.map(({ code, exportedName }) => [code, exportedName]).sort(),
    );
  });
});

describe.each([
  { interfaceName: 'WebSocketModuleOptions', path: 'src/websocket.options.ts', heading: 'Module' },
  { interfaceName: 'RedisStoreOptions', path: 'src/options/store.options.ts', heading: 'Redis' },
  { interfaceName: 'DynamoDbStoreOptions', path: 'src/options/store.options.ts', heading: 'DynamoDB' },
  { interfaceName: 'FanOutOptions', path: 'src/options/fanout.options.ts', heading: 'Fan-out' },
  { interfaceName: 'OffloadOptions', path: 'src/options/fanout.options.ts', heading: 'Offload' },
  { interfaceName: 'AdmissionOptions', path: 'src/options/admission.options.ts', heading: 'Admission' },
  { interfaceName: 'ChannelsOptions', path: 'src/options/channels.options.ts', heading: 'Channels' },
  { interfaceName: 'ChannelRule', path: 'src/options/channels.options.ts', heading: 'Channel rules' },
  { interfaceName: 'ChannelHistoryOptions', path: 'src/options/channels.options.ts', heading: 'History' },
  { interfaceName: 'EmbeddedGatewayOptions', path: 'src/options/gateway.options.ts', heading: 'Embedded gateway' },
  { interfaceName: 'GatewayTlsOptions', path: 'src/options/listening.options.ts', heading: 'TLS' },
  { interfaceName: 'GatewayDrainOptions', path: 'src/options/listening.options.ts', heading: 'Drain' },
  { interfaceName: 'GatewayProbesOptions', path: 'src/options/listening.options.ts', heading: 'Probes' },
  { interfaceName: 'CompressionOptions', path: 'src/options/compression.options.ts', heading: 'Compression' },
  { interfaceName: 'MetricsOptions', path: 'src/options/metrics.options.ts', heading: 'Metrics' },
  { interfaceName: 'LoggingOptions', path: 'src/options/logging.options.ts', heading: 'Logging' },
])('$interfaceName', ({ interfaceName, path, heading }) => {
  const names = propertiesOf(path, interfaceName);

  it('has every option, and no other, in the reference', () => {
    const section = sectionOf(optionsReference, `## ${heading}`);
    expect(firstCells(section)).toEqual(names);
    const described = [...section.matchAll(/^### (.+)$/gm)].flatMap(([, title]) => codeIn(title ?? ''));
    expect(described.sort()).toEqual([...names].sort());
  });

  it('has every option, and no other, in the README', () => {
    expect(firstCells(sectionOf(readme, `### ${heading} options`))).toEqual(names);
  });

  it('has the defaults that the documents give', () => {
    const { admission, channels, gateway, dynamodb, fanout, logging, ...module } = resolveWebSocketOptions(
      {
        admission: {},
        channels: { rules: { news: { persistent: {} } } },
        gateway: { compression: true, probes: {} },
        dynamodb: {},
        fanout: { offload: { queueUrl: 'https://sqs.eu-west-1.amazonaws.com/1/q' } },
      },
      {},
    );
    const rule = channels.rules.get('news');
    const sections: Readonly<Record<string, object | null>> = {
      Module: module,
      Redis: {},
      DynamoDB: dynamodb,
      'Fan-out': fanout,
      Offload: fanout.offload,
      Admission: admission,
      Channels: channels,
      'Channel rules': rule ?? null,
      History: { maxMessages: rule?.history?.maxMessages, maxAgeSeconds: (rule?.history?.maxAgeMs ?? 0) / 1_000 },
      'Embedded gateway': gateway,
      TLS: {},
      Drain: gateway?.drain ?? null,
      Probes: gateway?.probes ?? null,
      Compression: gateway?.compression ?? null,
      Metrics: {},
      Logging: logging,
    };
    const defaults = { ...sections[heading] } as Readonly<Record<string, unknown>>;
    for (const table of [sectionOf(optionsReference, `## ${heading}`), sectionOf(readme, `### ${heading} options`)]) {
      const documented = tableRows(table).flatMap(([option, , byDefault]) => {
        const [text] = /^`[^`]+`$/.test(byDefault ?? '') ? codeIn(byDefault ?? '') : [];
        return text === undefined ? [] : [[codeIn(option ?? '')[0] ?? '', text] as const];
      });
      const comparable = documented.filter(([option]) => option in defaults);
      expect(comparable.map(([option, text]) => [option, text.replaceAll('_', '')])).toEqual(
        comparable.map(([option]) => [option, String(defaults[option])]),
      );
      const numbers = Object.keys(defaults).filter((option) => typeof defaults[option] === 'number');
      expect(comparable.map(([option]) => option)).toEqual(
        expect.arrayContaining(numbers.filter((option) => option !== 'maxMessageBytes')),
      );
    }
  });
});

describe('environment variables', () => {
  const resolvers = sourceFiles()
    .filter((path) => path.endsWith('options-resolver.ts'))
    .map(readText)
    .join();
  const read = [...resolvers.matchAll(/\b(?:env|variables)(?:\[|\.\w+\()\s*'(\w+)'/g)].map(([, name]) => name ?? '');

  it('are all known to the check for misspelled names', () => {
    const ours = read.filter((name) => name.startsWith('WEBSOCKET_'));
    expect([...VARIABLES].sort()).toEqual([...new Set(ours)].sort());
  });

  it.each([
    {
      document: 'the reference',
      module: sectionOf(optionsReference, '## Module'),
      others: sectionOf(optionsReference, '## Environment variables'),
    },
    {
      document: 'the README',
      module: sectionOf(readme, '### Module options'),
      others: sectionOf(readme, '### Environment variables'),
    },
  ])('are those in $document', ({ module, others }) => {
    const documented = [
      ...tableRows(module).flatMap(([, , , variables]) => codeIn(variables ?? '')),
      ...firstCells(others),
    ];
    expect(read.length).toBeGreaterThan(2);
    expect(documented.sort()).toEqual([...new Set(read)].sort());
  });
});

describe('events', () => {
  const names = propertiesOf('src/events/websocket-events.ts', 'WebSocketEventMap');

  it('have the names that WebSocketEvents gives', () => {
    expect(Object.values(api.WebSocketEvents)).toEqual(names);
  });

  it.each([
    { document: 'the reference', text: eventsReference },
    { document: 'the README', text: sectionOf(readme, '## Events') },
  ])('stand in $document, with custom routes beside them', ({ text }) => {
    const rows = firstCells(text).filter((cell) => cell.startsWith('websocket.'));
    expect(rows).toEqual([...names, 'websocket.{routeKey}']);
  });

  it('have payloads whose fields the reference lists', () => {
    let type = '';
    const documented: Record<string, string[]> = {};
    for (const [first, field] of tableRows(sectionOf(eventsReference, '## Payloads')).slice(1)) {
      type = codeIn(first ?? '')[0] ?? type;
      (documented[type] ??= []).push(codeIn(field ?? '')[0] ?? '');
    }
    expect(Object.keys(documented).length).toBe(10);
    for (const [payload, fields] of Object.entries(documented))
      expect([payload, fields]).toEqual([payload, propertiesOf('src/events/websocket-events.ts', payload)]);
  });
});

function isErrorClass(exported: unknown): exported is new (...args: string[]) => api.WebSocketModuleError {
  return typeof exported === 'function' && exported.prototype instanceof api.WebSocketModuleError;
}

/** The names of an interface's properties, as the source has them. */
function propertiesOf(path: string, interfaceName: string): string[] {
  const source = ts.createSourceFile(path, readText(path), ts.ScriptTarget.Latest);
  const declaration = source.statements.find(
    (statement) => ts.isInterfaceDeclaration(statement) && statement.name.text === interfaceName,
  );
  if (declaration === undefined || !ts.isInterfaceDeclaration(declaration))
    throw new Error(`No ${interfaceName} in ${path}.`);
  return declaration.members.map(({ name }) => (name as ts.Identifier | ts.StringLiteral).text);
}

/** A section of a document from its heading to the next one of the same level. */
function sectionOf(markdown: string, heading: string): string {
  const start = markdown.indexOf(`\n${heading}\n`);
  if (start < 0) throw new Error(`No "${heading}".`);
  const level = heading.split(' ')[0] ?? '';
  const rest = markdown.slice(start + heading.length + 2);
  const end = rest.search(new RegExp(`^#{1,${level.length}} `, 'm'));
  return end < 0 ? rest : rest.slice(0, end);
}

/** The code in the first column of a section's tables, without the heading row. */
function firstCells(section: string): string[] {
  return tableRows(section).flatMap(([cell]) => codeIn(cell ?? ''));
}
