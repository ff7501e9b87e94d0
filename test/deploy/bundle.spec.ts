import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { readdir, readFile, stat } from 'node:fs/promises';
import { isBuiltin } from 'node:module';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createConnectionsTable } from '../../src/index.js';
import { eventually } from '../support/cluster.js';
import { describeWithNodes, findNodes, RUNNING_NODE, type NodeBinary } from '../package/support/node-binaries.js';
import { DynamoDbServer } from '../support/dynamodb.server.js';
import { FunctionProcess } from '../support/function.process.js';
import { goldenEvent, goldenEventNames } from '../support/gateway-events.js';
import { ManagementApiServer } from '../support/management-api-server.js';
import { DeploymentFolder } from './deployment.folder.js';

const MOST_BYTES = 1_000_000;
const TOKEN = `Ada:${'0123456789abcdef'.repeat(2)}`;
const ROOT = join(import.meta.dirname, '../..');

/** Lambda has runtimes of these. */
const runtimes = await findNodes(['22', '24']);

interface Recipe {
  readonly USED_OF_SDK: Readonly<Record<string, readonly string[]>>;
}

describe('the bundle of the chat', () => {
  let folder: DeploymentFolder;
  let dynamodb: DynamoDbServer;
  let gateway: ManagementApiServer;
  beforeAll(async () => {
    [folder, dynamodb] = await Promise.all([DeploymentFolder.create({ isOfPackages: false }), DynamoDbServer.start()]);
    const client = dynamodb.client();
    await createConnectionsTable(client);
    client.destroy();
  }, 120_000);
  afterAll(async () => {
    await dynamodb.kill();
    await folder.remove();
  });

  const running: FunctionProcess[] = [];
  beforeEach(async () => {
    gateway = await ManagementApiServer.start();
  });
  afterEach(async () => {
    await Promise.all(running.splice(0).map((started) => started.stop()));
    await gateway.stop();
  });

  const start = async (
    environment: Readonly<Record<string, string>> = {},
    { path: node } = RUNNING_NODE,
  ): Promise<FunctionProcess> => {
    const variables = {
      CHAT_SECRET: 'secret of the tests',
      WEBSOCKET_DYNAMODB_TABLE: 'WebSocketConnections',
      AWS_ENDPOINT_URL_DYNAMODB: dynamodb.endpoint,
      WEBSOCKET_API_GATEWAY_ENDPOINT: gateway.endpoint(),
      ...environment,
    };
    const started = await FunctionProcess.start(join(folder.path, 'dist/lambda.mjs'), variables, node);
    running.push(started);
    return started;
  };
  /** A handshake of the connection that a golden event is of. */
  const connectOf = (name = 'connect'): object => {
    const { connectionId } = goldenEvent(name).requestContext;
    const { requestContext, ...event } = goldenEvent(name.startsWith('connect') ? name : 'connect');
    return { ...event, requestContext: { ...requestContext, connectionId }, queryStringParameters: { token: TOKEN } };
  };
  const messageOf = (body: object): object => ({ ...goldenEvent('message-default'), body: JSON.stringify(body) });

  it('is one file of less than a megabyte that loads nothing but what Node has', async () => {
    expect((await readdir(join(folder.path, 'dist'))).sort()).toEqual(['authorizer.mjs', 'lambda.mjs']);
    const file = join(folder.path, 'dist/lambda.mjs');
    expect((await stat(file)).size).toBeLessThan(MOST_BYTES);
    const text = await readFile(file, 'utf8');
    // All else is required where it is used: for an import, Node reads whatever the module has.
    const imported = [...text.matchAll(/(?:^|;)import(?:[\w*{}\s,$]+from)?["']([^"']+)["']/gm)].map(([, name]) => name);
    expect(imported).toEqual(['node:module']);
    const required = [...text.matchAll(/[\w$]\("((?:node:)?[a-z_]+(?:\/[a-z_]+)*)"\)/g)].map(([, name = '']) => name);
    expect(required.filter(isBuiltin)).toEqual(expect.arrayContaining(['node:crypto', 'node:http', 'node:tls']));
  });

  it('keeps of each client of the AWS SDK what this package calls, and no more', async () => {
    const recipe = (await import(join(ROOT, 'sample-app/deploy/bundle.recipe.js'))) as Recipe;
    const src = join(ROOT, 'src');
    const files = (await readdir(src, { recursive: true })).filter((file) => file.endsWith('.ts'));
    // What creates a table is for development.
    const running = files.filter((file) => !/^cli\/|\.spec\.ts$|connections\.table\.ts$/.test(file));
    const texts = await Promise.all(running.map((file) => readFile(join(src, file), 'utf8')));
    const made = new Set(
      texts.flatMap((text) =>
        [...text.matchAll(/\bnew (?:(?:this\.)?sdk\.)?([A-Z]\w+)\(/g)].map(([, name = '']) => name),
      ),
    );
    const clients = Object.entries(recipe.USED_OF_SDK);
    expect(clients).toHaveLength(3);
    for (const [client, kept] of clients) {
      const sdk = (await import(client)) as object;
      expect([...kept].sort()).toEqual([...made].filter((name) => name in sdk).sort());
    }
  });

  it('leaves out the server of the embedded gateway, and what of Nest serves HTTP', async () => {
    const text = await readFile(join(folder.path, 'dist/lambda.mjs'), 'utf8');
    expect(text.match(/The embedded gateway was left out/g)).toHaveLength(3);
    expect(text.match(/HTTP was left out/g)).toHaveLength(1);
  });

  it("makes no format of times while it loads, as Nest's two loggers do", async () => {
    const text = await readFile(join(folder.path, 'dist/lambda.mjs'), 'utf8');
    const made = text.match(/new Intl\.DateTimeFormat\([^)]*\)/g) ?? [];
    expect(made.map((format) => format.replace(/\w+\)/, ')'))).toEqual(Array(2).fill('new Intl.DateTimeFormat(...)'));
  });

  const answersGoldenEvents = async (node: NodeBinary): Promise<void> => {
    const started = await start({}, node);
    for (const name of goldenEventNames) {
      for (const event of [connectOf(name), ...(name.startsWith('connect') ? [] : [goldenEvent(name)])])
        expect([name, await started.invoke(event)]).toEqual([name, expect.objectContaining({ statusCode: 200 })]);
    }
  };

  it("answers every one of API Gateway's own events", () => answersGoldenEvents(RUNNING_NODE), 60_000);

  describeWithNodes("on the Nodes of Lambda's runtimes", runtimes, (nodes) => {
    it.each(nodes)("answers every one of API Gateway's own events: Node $range", answersGoldenEvents, 60_000);
  });

  it('has sent everything by the time it answers', async () => {
    const started = await start();
    expect(await started.invoke(connectOf('message-default'))).toMatchObject({ statusCode: 200 });
    const before = gateway.requests.all.length;
    await started.invoke(messageOf({ action: 'subscribe', id: '1', channel: 'presence-room.lobby' }));
    const told = gateway.requests.all.slice(before).map(({ body }) => JSON.parse(body.toString()) as object);
    expect(told).toContainEqual(expect.objectContaining({ type: 'subscribed', channel: 'presence-room.lobby' }));
  }, 60_000);

  it('keeps answering after a start that failed', async () => {
    const started = await start({ CHAT_SECRET: '' });
    await expect(started.invoke(connectOf())).rejects.toThrow('Set CHAT_SECRET');
    expect(await started.invoke(connectOf(), { CHAT_SECRET: 'now it is set' })).toMatchObject({ statusCode: 200 });
  }, 60_000);

  it('cleans up on a schedule, and works off batches of its queue', async () => {
    const started = await start();
    expect(await started.invoke({ websocket: 'cleanup' })).toEqual({ ended: expect.any(Number) });
    const record = { eventSource: 'aws:sqs', messageId: '1', body: 'not a shard', attributes: {} };
    expect(await started.invoke({ Records: [record] })).toEqual({ batchItemFailures: [{ itemIdentifier: '1' }] });
  }, 60_000);

  it('asks API Gateway about who said nothing for long, and ends those who are gone', async () => {
    const started = await start({ STALE_AFTER_SECONDS: '1' });
    await started.invoke(connectOf('message-default'));
    const { connectionId } = goldenEvent('message-default').requestContext;
    gateway.answerWith((request) => (request.connectionId === connectionId ? 410 : 200));
    const asked = (): boolean =>
      gateway.requests.all.some((request) => request.method === 'GET' && request.connectionId === connectionId);
    await eventually(async () => {
      const { ended } = (await started.invoke({ websocket: 'cleanup' })) as { readonly ended: number };
      return ended > 0 && asked();
    }, 'a sweep that ends it');
  }, 60_000);

  it('says which package is missing when a backend is configured that is not in it', async () => {
    const started = await start({ WEBSOCKET_DYNAMODB_TABLE: '', WEBSOCKET_REDIS_URL: 'redis://127.0.0.1:1' });
    await expect(started.invoke(connectOf())).rejects.toThrow('npm install @redis/client@5');
  }, 60_000);

  it('cannot be made with a backend that there is not', async () => {
    const made = promisify(execFile)(process.execPath, ['sample-app/deploy/bundle.js', '--with', 'postgres'], {
      cwd: ROOT,
    });
    await expect(made).rejects.toThrow('There is no backend postgres: take dynamodb, sqs, redis');
  }, 60_000);

  it.each([
    ['Allow', TOKEN],
    ['Deny', 'nobody'],
  ])('comes with an authorizer that says %s to the token %j', async (Effect, token) => {
    const authorizer = await FunctionProcess.start(join(folder.path, 'dist/authorizer.mjs'), {});
    running.push(authorizer);
    const request = JSON.parse(await readFile(join(ROOT, 'test/fixtures/authorizer/request.json'), 'utf8')) as {
      methodArn: string;
    };
    const answer = await authorizer.invoke({ ...request, queryStringParameters: { token } });
    expect(answer).toMatchObject({
      policyDocument: { Statement: [{ Effect, Action: 'execute-api:Invoke', Resource: request.methodArn }] },
      ...(Effect === 'Allow' && { context: { userId: expect.stringMatching(/^Ada~/) } }),
    });
  });
});
