import { createConnectionsTable } from '../../src/stores/dynamodb/connections.table.js';
import { removeFolders } from '../support/certificates.js';
import { DynamoDbServer } from '../support/dynamodb.server.js';
import { withNginx } from '../support/guide.proxies.js';
import { stopProxies } from '../support/proxy.process.js';
import { freePort, RedisServer } from '../support/redis.server.js';
import { ApiGatewayStandIn } from '../protocol/api-gateway.stand-in.js';
import { startLambda, type LambdaProcess } from './lambda-process.js';
import { SampleProcess } from './sample-process.js';

/** What all processes of a chat share. */
export const SECRETS = { CHAT_SECRET: 'a secret of the tests', OPERATOR_KEY: 'the key of the operators' };

/** A place where the sample application runs. */
export interface Home {
  /** The addresses of its WebSocket. */
  readonly webSockets: readonly string[];
  /** Where its page is. Serve it with `webSockets` written into it. */
  readonly pageUrl: string;
  stop(): Promise<void>;
}

/** Places that a test opens, to be closed after it. */
export class Homes {
  private readonly open: Home[] = [];

  async opened<Kind extends Home>(starting: Promise<Kind>): Promise<Kind> {
    const home = await starting;
    this.open.push(home);
    return home;
  }

  async close(): Promise<void> {
    for (const home of this.open.splice(0)) await home.stop();
  }
}

/** One process with its embedded gateway, and everything in its memory. */
export async function oneProcess(): Promise<Home> {
  const sample = await SampleProcess.start(0, SECRETS);
  return {
    webSockets: [sample.webSocketUrl],
    pageUrl: sample.url,
    stop: async () => {
      await sample.stop();
    },
  };
}

/** Two processes on one Redis, that clients know both of. */
export async function twoNodes(): Promise<Home & { readonly nodes: readonly [SampleProcess, SampleProcess] }> {
  const redis = await RedisServer.start();
  const environment = { ...SECRETS, REDIS_URL: redis.url };
  const nodes = [await SampleProcess.start(0, environment), await SampleProcess.start(0, environment)] as const;
  return {
    nodes: [...nodes],
    webSockets: nodes.map(({ webSocketUrl }) => webSocketUrl),
    pageUrl: nodes[0].url,
    stop: async () => {
      await Promise.all(nodes.map((node) => node.stop()));
      await redis.kill();
    },
  };
}

/** The same with nginx before them, as the guide configures it, which sends clients to both in turn. */
export async function twoNodesBehindNginx(): Promise<Home> {
  const home = await twoNodes();
  const port = await freePort();
  await withNginx(
    home.nodes.map((node) => `127.0.0.1:${node.port}`),
    port,
    {},
  );
  return {
    webSockets: [`wss://127.0.0.1:${port}/ws`],
    pageUrl: home.pageUrl,
    stop: async () => {
      await home.stop();
      await stopProxies();
      removeFolders();
    },
  };
}

/** The Lambda entry, its state in Redis. */
export async function lambda(): Promise<Home> {
  const redis = await RedisServer.start();
  const api = await apiInFrontOfLambda({ REDIS_URL: redis.url });
  return withPage(api.webSockets, async () => {
    await api.stop();
    await redis.kill();
  });
}

/** The same, its state in DynamoDB. */
export async function lambdaOnDynamoDb(): Promise<Home> {
  const dynamoDb = await DynamoDbServer.start();
  const client = dynamoDb.client();
  await createConnectionsTable(client);
  client.destroy();
  const api = await apiInFrontOfLambda({
    WEBSOCKET_DYNAMODB_TABLE: 'WebSocketConnections',
    AWS_ENDPOINT_URL_DYNAMODB: dynamoDb.endpoint,
    AWS_REGION: 'eu-west-1',
  });
  return withPage(api.webSockets, async () => {
    await api.stop();
    await dynamoDb.kill();
  });
}

/** Two instances of the Lambda function, that events go to in turn, behind what stands in for API Gateway. */
async function apiInFrontOfLambda(state: Readonly<Record<string, string>>): Promise<Omit<Home, 'pageUrl'>> {
  const instances: LambdaProcess[] = [];
  let invocations = 0;
  const api = await ApiGatewayStandIn.start((event) => instances[invocations++ % instances.length]!.invoke(event), []);
  const environment = { ...SECRETS, ...state, WEBSOCKET_API_GATEWAY_ENDPOINT: `http://${api.host}/prod` };
  instances.push(await startLambda(environment), await startLambda(environment));
  return {
    webSockets: [`ws://${api.host}/ws`],
    stop: async () => {
      await api.stop();
      await Promise.all(instances.map((instance) => instance.stop()));
    },
  };
}

/** The page comes from a web server of its own there. */
async function withPage(webSockets: readonly string[], stop: () => Promise<void>): Promise<Home> {
  const web = await SampleProcess.start();
  return {
    webSockets,
    pageUrl: web.url,
    stop: async () => {
      await web.stop();
      await stop();
    },
  };
}
