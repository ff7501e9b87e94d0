import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { CdkFolder, type Synthesized } from './cdk.folder.js';
import { named } from './cdk.template.js';
import { accessLogOf, propertiesOf, resourcesOf, type Template } from './cloudformation.js';
import { expanded, plain } from './sam.template.js';

const SAM = join(import.meta.dirname, '../../sample-app/deploy/template.yaml');
const TWO_STAGES = join(import.meta.dirname, 'cdk.two.stages.ts');
/** The one in `cdk.two.stages.ts`. */
const TOPIC = 'arn:aws:sns:eu-west-1:123456789012:everybody';

const { load } = createRequire(import.meta.url)('js-yaml') as { load(text: string): unknown };

type Values = Record<string, unknown>;
type SamTemplate = Parameters<typeof expanded>[0] & { readonly Outputs: Record<string, Values> };

/** What CloudFormation takes where a template says nothing. */
const DEFAULTS: Readonly<Record<string, Values>> = { 'AWS::Lambda::EventSourceMapping': { Enabled: true } };

/** What is to be the same: type, properties and what becomes of it when nobody wants it any more. Who may invoke functions is looked at by itself. */
function essence({ Resources }: Template): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(Resources)
      .filter(([, { Type }]) => Type !== 'AWS::Lambda::Permission')
      .map(([name, { Type, DeletionPolicy = 'Delete', UpdateReplacePolicy = 'Delete', Properties = {} }]) => {
        const properties = { ...DEFAULTS[Type], ...(plain(Properties) as Values) };
        return [name, { Type, DeletionPolicy, UpdateReplacePolicy, ...withoutTool(Type, properties) }];
      }),
  );
}

function withoutTool(type: string, { Code, ...properties }: Values): Values {
  const { Handler, Targets, FunctionName, Environment } = properties;
  if (type === 'AWS::Lambda::Function') {
    expect(Handler).toMatch(Code === undefined ? /^dist\// : /^\w+\.handler$/);
    return {
      ...properties,
      Handler: String(Handler).replace(/^dist\//, ''),
      // The whole secret, which is what the shorter reference means, too.
      Environment: JSON.parse(JSON.stringify(Environment).replaceAll(':SecretString:::}}', '}}')) as unknown,
    };
  }
  if (type === 'AWS::Events::Rule') {
    return { ...properties, Targets: (Targets as Values[]).map(({ Arn, Input }) => ({ Arn, Input })) };
  }
  // A function is known by its name as well as by its ARN.
  if (type === 'AWS::Lambda::EventSourceMapping') return { ...properties, FunctionName: functionIn(FunctionName) };
  return properties;
}

function functionIn(value: unknown): string | undefined {
  const { Ref, 'Fn::GetAtt': attribute } = value as { readonly Ref?: string; readonly 'Fn::GetAtt'?: string[] };
  return Ref ?? attribute?.[0];
}

describe('the construct for the AWS CDK', () => {
  let folder: CdkFolder;
  let synthesized: Synthesized;
  let template: Synthesized['template'];
  let source: SamTemplate;
  let sam: Template;
  beforeAll(async () => {
    folder = await CdkFolder.create();
    synthesized = await folder.synthesize('chat-production');
    template = named(synthesized.template, 'Chat');
    source = load(await readFile(SAM, 'utf8')) as SamTemplate;
    sam = expanded(source);
  }, 60_000);
  afterAll(() => folder.remove());

  const functionsOf = (of: Template): Record<string, Values> => resourcesOf(of, 'AWS::Lambda::Function');

  it('has the resources of the template for AWS SAM, and no others', () => {
    const names = Object.keys(essence(template));
    expect(names.sort()).toEqual(Object.keys(essence(sam)).sort());
    expect(names.length).toBeGreaterThan(40);
  });

  it('has each of them with the same properties', () => {
    const cdk = essence(template);
    for (const [name, resource] of Object.entries(essence(sam))) expect([name, cdk[name]]).toEqual([name, resource]);
  });

  it('makes each log before its function, which would make one that is kept for ever', () => {
    const functions = Object.entries(functionsOf(template));
    expect(functions).toHaveLength(4);
    for (const [name, { DependsOn }] of functions) {
      expect(DependsOn).toEqual(expect.arrayContaining(source.Resources[name]?.['DependsOn'] as string[]));
    }
  });

  it('lets nobody but this API, on its routes, and the schedule invoke functions', () => {
    const permissions = Object.values(resourcesOf(template, 'AWS::Lambda::Permission')).map(({ Properties }) => {
      const { Action, FunctionName, Principal, SourceArn } = plain(Properties) as Values;
      return [Action, functionIn(FunctionName), Principal, SourceArn];
    });
    const ofApi = 'arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:${WebsocketsApi}';
    const invoke = 'lambda:InvokeFunction';
    const routes = Object.values(resourcesOf(sam, 'AWS::ApiGatewayV2::Route')).map(
      ({ Properties }) => Properties!['RouteKey'] as string,
    );
    const expected = [
      ...routes.map((key) => [invoke, 'WebsocketLambdaFunction', 'apigateway.amazonaws.com', `${ofApi}/*${key}`]),
      [
        invoke,
        'AuthorizerLambdaFunction',
        'apigateway.amazonaws.com',
        `${ofApi}/authorizers/\${AuthorizerWebsocketsAuthorizer}`,
      ],
      [
        invoke,
        'SweepLambdaFunction',
        'events.amazonaws.com',
        { 'Fn::GetAtt': ['SweepLambdaFunctionHalfHourly', 'Arn'] },
      ],
    ];
    expect(permissions).toEqual(expect.arrayContaining(expected));
    expect(permissions).toHaveLength(expected.length);
  });

  it('puts one file into each function, and nothing else', async () => {
    for (const [name, { Properties }] of Object.entries(functionsOf(template))) {
      const { S3Key } = (Properties as Values)['Code'] as { readonly S3Key: string };
      const asset = join(synthesized.output, `asset.${S3Key.replace(/\.zip$/, '')}`);
      expect(await readdir(asset)).toEqual([name === 'AuthorizerLambdaFunction' ? 'authorizer.mjs' : 'lambda.mjs']);
    }
  });

  it('prints what clients connect to, and the topic to subscribe to', () => {
    const { ConnectionUrl, AlarmsTopic } = template.Outputs;
    expect(plain(ConnectionUrl)).toEqual(plain(source.Outputs['ConnectionUrl']));
    expect(AlarmsTopic).toEqual({ Value: { Ref: 'Alarms' } });
  });

  it('gives stages names and permissions of their own, with the origins and the access log of the context', async () => {
    const origins = 'https://chat.example.com,https://www.example.com';
    const context = { stage: 'staging', origins, accessLogs: 'yes' };
    const { template: staging } = await folder.synthesize('chat-staging', context);
    expect(accessLogOf(named(staging, 'Chat'))).toEqual(accessLogOf(source));
    expect(JSON.stringify(staging)).not.toContain('production');
    expect(JSON.stringify(staging)).toContain('/staging/POST/@connections/*');
    expect(propertiesOf(named(staging, 'Chat'), 'AuthorizerLambdaFunction')['Environment']).toEqual({
      Variables: { ALLOWED_ORIGINS: origins },
    });
  }, 60_000);

  it('has the key of the live numbers resolved from the secret that the context names, and none without', async () => {
    const keysIn = (of: Template): unknown[] =>
      Object.entries(functionsOf(of))
        .filter(([name]) => name !== 'AuthorizerLambdaFunction')
        .map(([, { Properties }]) => {
          const { Variables } = (Properties as Values)['Environment'] as { readonly Variables: Values };
          return Variables['OPERATOR_KEY'];
        });
    expect(keysIn(template)).toEqual([undefined, undefined, undefined]);
    const { template: opened } = await folder.synthesize('chat-production', { operatorKeySecret: 'chat/operators' });
    const keys = keysIn(named(opened, 'Chat')).map((key) => JSON.stringify(key));
    expect(keys).toHaveLength(3);
    for (const key of keys) expect(key).toMatch(/{{resolve:secretsmanager:.*secret:chat\/operators:SecretString:::}}/);
  }, 60_000);

  it('is put into a stack twice, with a name for the table, a time for logs and somebody to tell of alarms', async () => {
    const { template: both } = await folder.synthesizeApp(TWO_STAGES, 'both');
    expect(resourcesOf(both, 'AWS::SNS::Topic')).toEqual({});
    for (const { Properties } of Object.values(resourcesOf(both, 'AWS::Logs::LogGroup'))) {
      expect(Properties?.['RetentionInDays']).toBe(7);
    }
    const alarms = Object.values(resourcesOf(both, 'AWS::CloudWatch::Alarm'));
    expect(alarms).toHaveLength(2 * Object.keys(resourcesOf(sam, 'AWS::CloudWatch::Alarm')).length);
    for (const { Properties } of alarms) {
      expect(Properties).toMatchObject({ AlarmActions: [TOPIC], OKActions: [TOPIC] });
    }
    for (const stage of ['staging', 'production']) {
      const chat = named(both, stage);
      expect(propertiesOf(chat, 'WebSocketConnections')['TableName']).toBe(`people-${stage}`);
      expect(propertiesOf(chat, 'AuthorizerLambdaFunction')['Environment']).toEqual({
        Variables: { ALLOWED_ORIGINS: `https://${stage}.example.com,https://example.com` },
      });
    }
  }, 60_000);
});
