import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { accessLogOf, type Resource, type Template } from './cloudformation.js';
import { DeploymentFolder } from './deployment.folder.js';
import { expanded, plain } from './sam.template.js';

const TEMPLATE = join(import.meta.dirname, '../../sample-app/deploy/template.yaml');

const { load } = createRequire(import.meta.url)('js-yaml') as { load(text: string): unknown };

/** What each tool has for itself: where it uploads code, and how it deploys what changed of an API. */
const OF_THE_TOOL = /^(?:ServerlessDeployment|WebsocketsDeployment(?!Stage))/;

/** The resources of a type have names of the tool's own where nothing else names them. */
const NAMED_BY_THE_TOOL = new Set([
  'AWS::Lambda::EventSourceMapping',
  'AWS::Events::Rule',
  'AWS::Lambda::Permission of events.amazonaws.com',
]);

/** What is to be the same: type and properties, by names that do not depend on the tool. */
function essence({ Resources }: Template): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(Resources)
      .filter(([name]) => !OF_THE_TOOL.test(name))
      .map(([name, { Type, DeletionPolicy, Properties = {} }]) => {
        const properties = { ...(plain(Properties) as Record<string, unknown>) };
        const kind = Type === 'AWS::Lambda::Permission' ? `${Type} of ${String(properties['Principal'])}` : Type;
        return [NAMED_BY_THE_TOOL.has(kind) ? kind : name, { Type, DeletionPolicy, ...withoutTool(Type, properties) }];
      }),
  );
}

function withoutTool(type: string, properties: Record<string, unknown>): Record<string, unknown> {
  const { DeploymentId, AutoDeploy, ...others } = properties;
  delete others['Code'];
  if (type === 'AWS::ApiGatewayV2::Stage') expect([DeploymentId, AutoDeploy].filter(Boolean)).toHaveLength(1);
  // The Serverless Framework writes its own name into them.
  if (type.startsWith('AWS::ApiGatewayV2::')) delete others['Description'];
  if (others['Principal'] === 'events.amazonaws.com') delete others['SourceArn'];
  if (type === 'AWS::Events::Rule') {
    const [{ Arn, Input } = {} as Record<string, unknown>] = others['Targets'] as Record<string, unknown>[];
    return { ...others, Targets: [{ Arn, Input }] };
  }
  return others;
}

describe('the template for AWS SAM', () => {
  let folder: DeploymentFolder;
  let serverless: Record<string, unknown>;
  let sam: Record<string, unknown>;
  let source: Template;
  let compiled: Template;
  const packaged = async (...args: string[]): Promise<Template> => {
    const path = join(await folder.package(...args), 'cloudformation-template-update-stack.json');
    return JSON.parse(await readFile(path, 'utf8')) as Template;
  };
  beforeAll(async () => {
    folder = await DeploymentFolder.create();
    compiled = await packaged();
    serverless = essence(compiled);
    source = load(await readFile(TEMPLATE, 'utf8')) as Template;
    sam = essence(expanded(source as Parameters<typeof expanded>[0]));
  }, 120_000);
  afterAll(() => folder.remove());

  it('has the resources that osls makes of serverless.yml, and no others', () => {
    expect(Object.keys(sam).sort()).toEqual(Object.keys(serverless).sort());
    expect(Object.keys(sam).length).toBeGreaterThan(40);
  });

  it('has each of them with the same properties', () => {
    for (const [name, resource] of Object.entries(sam)) expect([name, resource]).toEqual([name, serverless[name]]);
  });

  it('has API Gateway log the same when it is told to', async () => {
    const logged = accessLogOf(source);
    expect(logged).not.toBeNull();
    expect(logged).toEqual(accessLogOf(await packaged('--param', 'accessLogs=yes')));
    const { Conditions } = source as Template & { readonly Conditions: Readonly<Record<string, unknown>> };
    expect(Conditions['HasAccessLogs']).toEqual({ 'Fn::Equals': [{ Ref: 'AccessLogs' }, 'yes'] });
  }, 60_000);

  it('prints what the other prints', () => {
    const printed = (template: Template): unknown[] => {
      const { Outputs } = template as Template & { readonly Outputs: Readonly<Record<string, unknown>> };
      return ['ConnectionUrl', 'AlarmsTopic'].map((name) => plain(Outputs[name]));
    };
    expect(printed(source)).toEqual(printed(compiled));
    expect(printed(source)).not.toContain(undefined);
  });

  it('refers to nothing that it does not have', () => {
    const { Resources, Parameters = {} } = source as Template & { readonly Parameters?: object };
    const known = new Set([...Object.keys(Resources), ...Object.keys(Parameters)]);
    const missing = Object.entries(Resources).flatMap(([name, resource]: [string, Resource]) =>
      referencesIn(resource)
        .filter((reference) => !reference.startsWith('AWS::') && !known.has(reference))
        .map((reference) => `${name} refers to ${reference}.`),
    );
    expect(missing).toEqual([]);
  });
});

function referencesIn(value: unknown): string[] {
  if (typeof value === 'string') return [];
  if (typeof value !== 'object' || value === null) return [];
  const { Ref, 'Fn::GetAtt': attribute, 'Fn::Sub': text = '' } = value as Record<string, unknown>;
  return [
    ...[Ref, (attribute as string[] | undefined)?.[0]].filter((name): name is string => typeof name === 'string'),
    ...[...String(text).matchAll(/\$\{([\w:]+)[.}]/g)].map(([, name = '']) => name),
    ...Object.values(value).flatMap(referencesIn),
  ];
}
