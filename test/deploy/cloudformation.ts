/** A CloudFormation template, as far as the tests look at it. */
export interface Template {
  readonly Resources: Readonly<Record<string, Resource>>;
}

export interface Resource {
  readonly Type: string;
  readonly Properties?: Readonly<Record<string, unknown>>;
  readonly [attribute: string]: unknown;
}

interface Statement {
  readonly Effect: string;
  readonly Action: string | readonly string[];
  readonly Resource: unknown;
}

/** The resources of a type, by their names in the template. */
export function resourcesOf({ Resources }: Template, type: string): Record<string, Resource> {
  return Object.fromEntries(Object.entries(Resources).filter(([, { Type }]) => Type === type));
}

/** The properties of a resource that must be there. */
export function propertiesOf({ Resources }: Template, name: string): Readonly<Record<string, unknown>> {
  const found = Resources[name]?.Properties;
  if (found === undefined) throw new Error(`There is no ${name} in ${Object.keys(Resources).join(', ')}.`);
  return found;
}

/** What a role allows: each action with the resources that it allows it on, `Arn` taken out of `Fn::GetAtt`, and texts of `Fn::Sub` as they are. */
export function allowedBy(template: Template, role: string): Record<string, string[]> {
  const policies = propertiesOf(template, role)['Policies'] as {
    readonly PolicyDocument: { readonly Statement: readonly Statement[] };
  }[];
  const allowed: Record<string, string[]> = {};
  for (const { Effect, Action, Resource } of policies.flatMap(({ PolicyDocument }) => PolicyDocument.Statement)) {
    if (Effect !== 'Allow') continue;
    for (const action of [Action].flat()) (allowed[action] ??= []).push(...[Resource].flat().map(nameOf));
  }
  return allowed;
}

/** Where the stage of an API has its access log written, and the fields of a line: `null` for none. */
export function accessLogOf(template: Template): { readonly log: unknown; readonly fields: object } | null {
  const { AccessLogSettings: settings } = propertiesOf(template, 'WebsocketsDeploymentStage');
  const { 'Fn::If': choice, ...given } = (settings ?? {}) as Record<string, unknown>;
  const { DestinationArn, Format } = ((choice as unknown[] | undefined)?.[1] ?? given) as Record<string, string>;
  return Format === undefined ? null : { log: DestinationArn, fields: JSON.parse(Format) as object };
}

function nameOf(resource: unknown): string {
  const { 'Fn::GetAtt': attribute, 'Fn::Sub': text } = resource as {
    readonly 'Fn::GetAtt'?: readonly string[];
    readonly 'Fn::Sub'?: string;
  };
  return attribute?.join('.') ?? text ?? JSON.stringify(resource);
}
