import type { Resource, Template } from './cloudformation.js';

type Values = Readonly<Record<string, unknown>>;

interface SamTemplate extends Template {
  readonly Globals: { readonly Function: Values };
}

const STAGE = 'production';

/** What the transform of AWS SAM makes of functions and their events, as far as this template uses it; the parameters have their defaults. */
export function expanded({ Resources, Globals }: SamTemplate): Template {
  const resources: Record<string, Resource> = {};
  for (const [name, resource] of Object.entries(Resources)) {
    if (resource.Type !== 'AWS::Serverless::Function') {
      resources[name] = resource;
      continue;
    }
    const { CodeUri, Events = {}, Handler, ...properties } = { ...Globals.Function, ...resource.Properties } as Values;
    const Properties = { ...properties, Handler: `${CodeUri as string}${Handler as string}` };
    resources[name] = { Type: 'AWS::Lambda::Function', Properties };
    for (const [event, { Type, Properties: given }] of Object.entries(Events as Record<string, Resource>)) {
      Object.assign(resources, ofEvent(name, `${name}${event}`, Type, given ?? {}));
    }
  }
  return { Resources: resources };
}

function ofEvent(functionName: string, name: string, type: string, properties: Values): Record<string, Resource> {
  const target = { 'Fn::GetAtt': [functionName, 'Arn'] };
  if (type === 'SQS') {
    const { Queue: EventSourceArn, ...others } = properties;
    const Properties = { EventSourceArn, ...others, FunctionName: target, Enabled: true };
    return { [name]: { Type: 'AWS::Lambda::EventSourceMapping', Properties } };
  }
  if (type !== 'Schedule') throw new Error(`There is no event ${type} here.`);
  const { Schedule: ScheduleExpression, Input } = properties;
  return {
    [name]: {
      Type: 'AWS::Events::Rule',
      Properties: { ScheduleExpression, State: 'ENABLED', Targets: [{ Arn: target, Input }] },
    },
    [`${name}Permission`]: {
      Type: 'AWS::Lambda::Permission',
      Properties: {
        FunctionName: target,
        Action: 'lambda:InvokeFunction',
        Principal: 'events.amazonaws.com',
        SourceArn: { 'Fn::GetAtt': [name, 'Arn'] },
      },
    },
  };
}

const isNothing = (value: unknown): boolean => (value as { readonly Ref?: string } | null)?.Ref === 'AWS::NoValue';

/** A value with what CloudFormation puts together put together: `Fn::Join` and `Fn::Sub` become texts with `${…}` in them, the stage is known, and conditions do not hold, as by default. */
export function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  const {
    Ref,
    'Fn::Sub': text,
    'Fn::Join': join,
    'Fn::If': choice,
  } = value as { Ref?: string; 'Fn::Sub'?: string; 'Fn::Join'?: unknown; 'Fn::If'?: readonly unknown[] };
  if (choice !== undefined) return plain(choice[2]);
  if (Ref === 'Stage') return STAGE;
  if (Ref === 'AllowedOrigins') return '';
  if (text !== undefined) return text.replaceAll('${Stage}', STAGE);
  if (join !== undefined) {
    const [separator, parts] = join as [string, unknown[]];
    return parts.map(inText).join(separator);
  }
  const entries = Object.entries(value).map(([key, inner]) => [key, plain(inner)] as const);
  return Object.fromEntries(entries.filter(([, inner]) => !isNothing(inner)));
}

function inText(part: unknown): string {
  if (typeof part === 'string') return part;
  const { Ref, 'Fn::GetAtt': attribute } = part as { Ref?: string; 'Fn::GetAtt'?: string[] };
  return `\${${Ref ?? attribute?.join('.')}}`;
}
