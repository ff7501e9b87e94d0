import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { accessLogOf, allowedBy, propertiesOf, resourcesOf, type Template } from './cloudformation.js';
import { DeploymentFolder } from './deployment.folder.js';
import { namesInZip } from './zip.js';

const SOURCE = join(import.meta.dirname, '../../src');

/** The commands of an SDK that a folder of the source makes, e.g. `PutItem`. */
function commandsIn(folder: string): string[] {
  const files = readdirSync(join(SOURCE, folder), { recursive: true, encoding: 'utf8' });
  const text = files
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.spec.ts') && file !== 'connections.table.ts')
    .map((file) => readFileSync(join(SOURCE, folder, file), 'utf8'))
    .join('\n');
  return [...new Set([...text.matchAll(/new (?:this\.)?(?:sdk\.)?(\w+)Command\(/g)].map(([, name = '']) => name))];
}

describe('osls package', () => {
  let folder: DeploymentFolder;
  let made: string;
  let template: Template;
  beforeAll(async () => {
    folder = await DeploymentFolder.create();
    made = await folder.package();
    template = JSON.parse(await readFile(join(made, 'cloudformation-template-update-stack.json'), 'utf8')) as Template;
  }, 120_000);
  afterAll(() => folder.remove());

  const connections = (method: string): string =>
    'arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:${WebsocketsApi}/production/' +
    `${method}/@connections/*`;
  const withTable = Object.fromEntries(
    commandsIn('stores/dynamodb').map((name) => [`dynamodb:${name}`, ['WebSocketConnections.Arn']]),
  );
  const logsOf = (name: string): Record<string, string[]> => ({
    'logs:CreateLogStream': [`${name}LogGroup.Arn`],
    'logs:PutLogEvents': [`${name}LogGroup.Arn`],
  });
  const sends = { 'sqs:SendMessage': ['BroadcastQueue.Arn'] };

  it('puts one file into each function, and nothing else', async () => {
    for (const [name, file] of Object.entries({
      websocket: 'lambda',
      worker: 'lambda',
      sweep: 'lambda',
      authorizer: 'authorizer',
    })) {
      expect(namesInZip(await readFile(join(made, `${name}.zip`)))).toEqual([`dist/${file}.mjs`]);
    }
  });

  it('makes a route of each that the chat uses, behind the authorizer where clients connect, and answers where they ask', () => {
    const routes = Object.values(resourcesOf(template, 'AWS::ApiGatewayV2::Route')).map(
      ({ Properties }) => Properties!,
    );
    expect(
      Object.fromEntries(
        routes.map((route) => [
          route['RouteKey'],
          [route['AuthorizationType'], route['RouteResponseSelectionExpression'] ?? null],
        ]),
      ),
    ).toEqual({
      $connect: ['CUSTOM', null],
      $disconnect: ['NONE', null],
      $default: ['NONE', '$default'],
      message: ['NONE', '$default'],
      subscribe: ['NONE', null],
      publish: ['NONE', null],
    });
    const answered = Object.values(resourcesOf(template, 'AWS::ApiGatewayV2::RouteResponse'));
    expect(answered.map(({ Properties }) => Properties!['RouteId'])).toEqual([
      { Ref: 'SdefaultWebsocketsRoute' },
      { Ref: 'messageWebsocketsRoute' },
    ]);
    expect(propertiesOf(template, 'AuthorizerWebsocketsAuthorizer')).toMatchObject({
      AuthorizerType: 'REQUEST',
      IdentitySource: ['route.request.querystring.token'],
    });
    expect(propertiesOf(template, 'WebsocketsApi')['RouteSelectionExpression']).toBe('$request.body.action');
  });

  it('runs every function on arm64, each with a role of its own, and has it log objects', () => {
    const functions = resourcesOf(template, 'AWS::Lambda::Function');
    const roles = Object.values(functions).map(({ Properties }) => Properties!['Role']);
    expect(roles).toEqual(
      ['Websocket', 'Authorizer', 'Worker', 'Sweep'].map((name) => ({ 'Fn::GetAtt': [`${name}Role`, 'Arn'] })),
    );
    for (const { Properties } of Object.values(functions)) {
      expect(Properties).toMatchObject({
        Architectures: ['arm64'],
        Runtime: 'nodejs22.x',
        LoggingConfig: { LogFormat: 'JSON', ApplicationLogLevel: 'WARN' },
      });
    }
    expect(Object.keys(resourcesOf(template, 'AWS::IAM::Role'))).toHaveLength(4);
  });

  it('allows each function what the commands of the source need, on what is its own, and nothing else', () => {
    expect(Object.keys(withTable).length).toBe(6);
    expect(commandsIn('transports').sort()).toEqual(['DeleteConnection', 'GetConnection', 'PostToConnection']);
    expect(commandsIn('fanout')).toEqual(['SendMessageBatch']);
    expect(allowedBy(template, 'WebsocketRole')).toEqual({
      ...logsOf('Websocket'),
      'execute-api:ManageConnections': [connections('POST'), connections('DELETE')],
      ...withTable,
      ...sends,
    });
    expect(allowedBy(template, 'AuthorizerRole')).toEqual(logsOf('Authorizer'));
    expect(allowedBy(template, 'WorkerRole')).toEqual({
      ...logsOf('Worker'),
      'execute-api:ManageConnections': [connections('POST'), connections('DELETE')],
      ...withTable,
      ...sends,
      'sqs:DeleteMessage': ['BroadcastQueue.Arn'],
      'sqs:GetQueueAttributes': ['BroadcastQueue.Arn'],
      'sqs:ReceiveMessage': ['BroadcastQueue.Arn'],
    });
    expect(allowedBy(template, 'SweepRole')).toEqual({
      ...logsOf('Sweep'),
      'execute-api:ManageConnections': [connections('POST'), connections('GET'), connections('DELETE')],
      ...withTable,
      ...sends,
    });
  });

  it('lets nobody but this API invoke the functions of its routes', () => {
    const permissions = Object.values(resourcesOf(template, 'AWS::Lambda::Permission')).map(
      ({ Properties }) => Properties!,
    );
    expect(permissions).toHaveLength(3);
    expect(permissions.map(({ Principal, SourceArn }) => [Principal, SourceArn !== undefined])).toEqual([
      ['events.amazonaws.com', true],
      ['apigateway.amazonaws.com', true],
      ['apigateway.amazonaws.com', true],
    ]);
  });

  it('declares the table as the store expects it, with its time to live, and keeps it when its stack goes', () => {
    const { DeletionPolicy, UpdateReplacePolicy } = template.Resources['WebSocketConnections']!;
    expect([DeletionPolicy, UpdateReplacePolicy]).toEqual(['Retain', 'Retain']);
    expect(propertiesOf(template, 'WebSocketConnections')).toEqual({
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [
        { AttributeName: 'pk', AttributeType: 'S' },
        { AttributeName: 'sk', AttributeType: 'S' },
      ],
      KeySchema: [
        { AttributeName: 'pk', KeyType: 'HASH' },
        { AttributeName: 'sk', KeyType: 'RANGE' },
      ],
      TimeToLiveSpecification: { AttributeName: 'ttl', Enabled: true },
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
    });
  });

  it('has broadcasts worked off from a queue whose dead letters are kept, six times as long hidden as a worker may take', () => {
    const queue = propertiesOf(template, 'BroadcastQueue');
    expect(queue['RedrivePolicy']).toEqual({
      deadLetterTargetArn: { 'Fn::GetAtt': ['BroadcastDeadLetters', 'Arn'] },
      maxReceiveCount: 5,
    });
    const { Timeout } = propertiesOf(template, 'WorkerLambdaFunction') as { Timeout: number };
    expect(queue['VisibilityTimeout']).toBe(6 * Timeout);
    const [mapping] = Object.values(resourcesOf(template, 'AWS::Lambda::EventSourceMapping'));
    expect(mapping?.Properties).toMatchObject({
      BatchSize: 1,
      EventSourceArn: { 'Fn::GetAtt': ['BroadcastQueue', 'Arn'] },
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      ScalingConfig: { MaximumConcurrency: 10 },
    });
  });

  it('cleans up every half hour, with what the handler takes for that', () => {
    const [rule] = Object.values(resourcesOf(template, 'AWS::Events::Rule'));
    expect(rule?.Properties).toMatchObject({ ScheduleExpression: 'rate(30 minutes)', State: 'ENABLED' });
    const [target] = rule?.Properties?.['Targets'] as { readonly Arn: unknown; readonly Input: string }[];
    expect(target?.Arn).toEqual({ 'Fn::GetAtt': ['SweepLambdaFunction', 'Arn'] });
    expect(JSON.parse(target!.Input)).toEqual({ websocket: 'cleanup' });
    // Who said nothing for that long is asked about. Records last an hour longer, so each is renewed in time.
    const applications = ['Websocket', 'Worker', 'Sweep'].map((name) =>
      propertiesOf(template, `${name}LambdaFunction`),
    );
    for (const { Environment } of applications) {
      expect(Environment).toMatchObject({ Variables: { STALE_AFTER_SECONDS: '900' } });
    }
  });

  it('raises an alarm for errors and throttling of each function, and for what becomes of broadcasts', () => {
    const alarms = Object.values(resourcesOf(template, 'AWS::CloudWatch::Alarm')).map(({ Properties }) => Properties!);
    const watched = alarms.map(({ MetricName, Dimensions }) => {
      const [{ Value } = { Value: null }] = Dimensions as { readonly Value: unknown }[];
      const { Ref, 'Fn::GetAtt': attribute } = Value as { readonly Ref?: string; readonly 'Fn::GetAtt'?: string[] };
      return `${MetricName as string} of ${Ref ?? attribute?.[0]}`;
    });
    const functions = Object.keys(resourcesOf(template, 'AWS::Lambda::Function'));
    expect(watched.sort()).toEqual(
      [
        ...functions.flatMap((name) => [`Errors of ${name}`, `Throttles of ${name}`]),
        'ApproximateNumberOfMessagesVisible of BroadcastDeadLetters',
        'ApproximateAgeOfOldestMessage of BroadcastQueue',
        'ExecutionError of WebsocketsApi',
        'IntegrationError of WebsocketsApi',
        'ReadThrottleEvents of WebSocketConnections',
        'WriteThrottleEvents of WebSocketConnections',
      ].sort(),
    );
    for (const { AlarmActions } of alarms) expect(AlarmActions).toEqual([{ Ref: 'Alarms' }]);
  });

  it('watches the API by the dimensions that API Gateway has for it, and is not alarmed by a client that is refused', () => {
    const ofApi = Object.entries(resourcesOf(template, 'AWS::CloudWatch::Alarm'))
      .map(([name, { Properties }]) => [name, Properties!] as const)
      .filter(([, { Namespace }]) => Namespace === 'AWS/ApiGateway');
    for (const [, { Dimensions }] of ofApi) {
      expect(Dimensions).toEqual([
        { Name: 'ApiId', Value: { Ref: 'WebsocketsApi' } },
        { Name: 'Stage', Value: 'production' },
      ]);
    }
    const limits = ofApi.map(([name, { Threshold, EvaluationPeriods }]) => [name, [Threshold, EvaluationPeriods]]);
    expect(Object.fromEntries(limits)).toEqual({ ExecutionErrors: [0, 1], IntegrationErrors: [10, 3] });
  });

  it('keeps every log for 30 days, and prints the topic to subscribe to', () => {
    const logs = Object.values(resourcesOf(template, 'AWS::Logs::LogGroup'));
    expect(logs).toHaveLength(5);
    for (const { Properties } of logs) expect(Properties!['RetentionInDays']).toBe(30);
    const { Outputs } = template as Template & { readonly Outputs: Readonly<Record<string, unknown>> };
    expect(Outputs['AlarmsTopic']).toEqual({ Value: { Ref: 'Alarms' } });
  });

  it('has API Gateway log events when it is told to, and no query string or header, in which tokens are', async () => {
    expect(accessLogOf(template)).toBeNull();
    const path = await folder.package('--param', 'accessLogs=yes');
    const text = await readFile(join(path, 'cloudformation-template-update-stack.json'), 'utf8');
    const { log, fields } = accessLogOf(JSON.parse(text) as Template)!;
    expect(log).toEqual({ 'Fn::GetAtt': ['AccessLog', 'Arn'] });
    const known =
      /^\$context\.(?:requestTime|requestId|connectionId|eventType|routeKey|status|identity\.sourceIp|authorizer\.status|integration\.status|integrationLatency|error\.responseType)$/;
    expect(Object.values(fields).filter((value: string) => !known.test(value))).toEqual([]);
  }, 60_000);

  it('keeps the page of live numbers shut, unless a secret is named that opens it', async () => {
    const applications = ['Websocket', 'Worker', 'Sweep'].map((name) => `${name}LambdaFunction`);
    const keysIn = (of: Template): unknown[] =>
      applications.map((name) => {
        const { Variables } = propertiesOf(of, name)['Environment'] as { readonly Variables: Record<string, unknown> };
        return Variables['OPERATOR_KEY'];
      });
    const key = (reference: string): unknown => ({ 'Fn::If': ['HasOperatorKey', reference, { Ref: 'AWS::NoValue' }] });
    const isNamed = (of: Template): unknown => (of as { readonly Conditions?: object }).Conditions;
    const condition = (name: string): unknown => ({
      HasOperatorKey: { 'Fn::Not': [{ 'Fn::Equals': [name, ''] }] },
    });
    expect(isNamed(template)).toEqual(condition(''));
    const path = await folder.package('--param', 'operatorKeySecret=chat/operators');
    const text = await readFile(join(path, 'cloudformation-template-update-stack.json'), 'utf8');
    const opened = JSON.parse(text) as Template;
    expect(isNamed(opened)).toEqual(condition('chat/operators'));
    expect(keysIn(opened)).toEqual(applications.map(() => key('{{resolve:secretsmanager:chat/operators}}')));
  }, 60_000);

  it('gives stages names and permissions of their own', async () => {
    const path = join(await folder.package('--stage', 'staging', '--param', 'origins=https://chat.example.com'));
    const text = await readFile(join(path, 'cloudformation-template-update-stack.json'), 'utf8');
    expect(text).not.toContain('production');
    expect(text).toContain('${WebsocketsApi}/staging/POST/@connections/*');
    const staging = JSON.parse(text) as Template;
    expect(propertiesOf(staging, 'AuthorizerLambdaFunction')['Environment']).toEqual({
      Variables: { ALLOWED_ORIGINS: 'https://chat.example.com' },
    });
  }, 60_000);
});
