import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { cli } from '../cli/cli.process.js';
import { allowedBy, propertiesOf, resourcesOf, type Template } from './cloudformation.js';
import { SERVERLESS } from './deployment.folder.js';
import { namesInZip } from './zip.js';

/** What is in a project, and what of it a function is to have. */
const FILES = {
  'package.json': true,
  'dist/lambda.js': true,
  'node_modules/ours/dist/index.js': true,
  'node_modules/ours/dist/index.d.ts': false,
  'node_modules/ours/package.json': true,
  'src/app.module.ts': false,
  'test/app.e2e-spec.ts': false,
  'tsconfig.json': false,
  '.env': false,
  '.npmrc': false,
  '.github/workflows/deploy.yml': false,
  'config/.env.local': false,
  '.env.production': false,
};

describe('osls package of what nest-websocket init writes', () => {
  let home: string;
  let folder: string;
  let template: Template;
  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), 'nest-websocket-init-'));
    folder = join(home, 'project');
    for (const path of Object.keys(FILES)) {
      await mkdir(dirname(join(folder, path)), { recursive: true });
      await writeFile(join(folder, path), path.endsWith('.json') ? '{ "type": "module" }' : '');
    }
    await cli(['init', '--dir', folder, '--routes', 'join,say']);
    const env = { PATH: process.env['PATH'], HOME: home, SLS_TELEMETRY_DISABLED: '1', SLS_NOTIFICATIONS_MODE: 'off' };
    await promisify(execFile)(process.execPath, [SERVERLESS, 'package'], { cwd: folder, env });
    const made = await readFile(join(folder, '.serverless/cloudformation-template-update-stack.json'), 'utf8');
    template = JSON.parse(made) as Template;
  }, 120_000);
  afterAll(() => rm(home, { recursive: true, force: true }));

  it('needs no account of AWS, and makes a WebSocket API with the routes that were asked for', () => {
    const routes = Object.values(resourcesOf(template, 'AWS::ApiGatewayV2::Route'));
    expect(routes.map(({ Properties }) => Properties!['RouteKey'])).toEqual([
      '$connect',
      '$disconnect',
      '$default',
      'join',
      'say',
    ]);
    expect(propertiesOf(template, 'WebsocketsApi')).toMatchObject({
      ProtocolType: 'WEBSOCKET',
      RouteSelectionExpression: '$request.body.action',
    });
  });

  it('allows each function its log, its table and the connections of its API and stage, and nothing else', () => {
    const connections = (method: string): string =>
      'arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:${WebsocketsApi}/production/' +
      `${method}/@connections/*`;
    const table = Object.fromEntries(
      ['BatchGetItem', 'DeleteItem', 'GetItem', 'PutItem', 'Query', 'UpdateItem'].map((name) => [
        `dynamodb:${name}`,
        ['WebSocketConnections.Arn'],
      ]),
    );
    const allowed = (log: string, ...methods: string[]): Record<string, string[]> => ({
      'logs:CreateLogStream': [`${log}.Arn`],
      'logs:PutLogEvents': [`${log}.Arn`],
      'execute-api:ManageConnections': methods.map(connections),
      ...table,
    });
    expect(allowedBy(template, 'WebsocketRole')).toEqual(allowed('WebsocketLogGroup', 'POST', 'DELETE'));
    expect(allowedBy(template, 'SweepRole')).toEqual(allowed('SweepLogGroup', 'POST', 'DELETE', 'GET'));
    expect(Object.keys(resourcesOf(template, 'AWS::IAM::Role'))).toEqual(['WebsocketRole', 'SweepRole']);
    const roles = Object.values(resourcesOf(template, 'AWS::Lambda::Function')).map(
      ({ Properties }) => Properties!['Role'],
    );
    expect(roles).toEqual(['WebsocketRole', 'SweepRole'].map((name) => ({ 'Fn::GetAtt': [name, 'Arn'] })));
  });

  it('lets nobody but this API and the schedule invoke the functions', () => {
    const permissions = Object.values(resourcesOf(template, 'AWS::Lambda::Permission')).map(
      ({ Properties }) => Properties!,
    );
    expect(permissions.map(({ Principal, SourceArn }) => [Principal, SourceArn !== undefined]).sort()).toEqual([
      ['apigateway.amazonaws.com', true],
      ['events.amazonaws.com', true],
    ]);
    const [rule] = Object.values(resourcesOf(template, 'AWS::Events::Rule'));
    expect(rule?.Properties).toMatchObject({ ScheduleExpression: 'rate(30 minutes)', State: 'ENABLED' });
  });

  it('keeps the table when the stack goes, and tells the functions its name', () => {
    expect(template.Resources['WebSocketConnections']).toMatchObject({
      DeletionPolicy: 'Retain',
      Properties: {
        KeySchema: [
          { AttributeName: 'pk', KeyType: 'HASH' },
          { AttributeName: 'sk', KeyType: 'RANGE' },
        ],
        TimeToLiveSpecification: { AttributeName: 'ttl', Enabled: true },
      },
    });
    for (const name of ['WebsocketLambdaFunction', 'SweepLambdaFunction']) {
      expect(propertiesOf(template, name)['Environment']).toEqual({
        Variables: { WEBSOCKET_DYNAMODB_TABLE: { Ref: 'WebSocketConnections' } },
      });
    }
  });

  it('puts what runs into the functions, and neither sources nor secrets', async () => {
    const names = namesInZip(await readFile(join(folder, '.serverless/websocket.zip')));
    expect(names.sort()).toEqual(
      Object.entries(FILES)
        .flatMap(([path, runs]) => (runs ? [path] : []))
        .sort(),
    );
  });
});
