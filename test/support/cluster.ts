import { setTimeout as sleep } from 'node:timers/promises';
import type { ClusterOptions } from '../../src/options/cluster.options.js';
import type {
  ConnectedEvent,
  DisconnectedEvent,
  EmbeddedGatewayOptions,
  WebSocketModuleOptions,
} from '../../src/index.js';
import { gatewayApp, type GatewayApp, type GatewayAppBuilder } from './gateway-app.js';
import type { GatewayClient } from './gateway-client.js';

/** How long a test waits for what must come to pass. */
const DEADLINE_MS = 15_000;

/** A node in the process of the test, with what it heard. */
export interface TestNode extends GatewayApp {
  readonly connected: ConnectedEvent[];
  readonly disconnected: DisconnectedEvent[];
}

/** A client with the id of its connection. */
export interface Member {
  readonly client: GatewayClient;
  readonly connectionId: string;
}

/** Leases as short as a busy machine keeps them. */
export const SHORT_LEASE: ClusterOptions = Object.freeze({ leaseMs: 1_500, answerTimeoutMs: 2_000 });

/** Clients say who they are in the query: `?user=ada`. */
const authorizer: NonNullable<EmbeddedGatewayOptions['authorizer']> = ({ queryStringParameters, methodArn }) => ({
  principalId: 'anybody',
  policyDocument: { Statement: { Effect: 'Allow', Action: 'execute-api:Invoke', Resource: methodArn } },
  context: queryStringParameters?.['user'] === undefined ? {} : { userId: queryStringParameters['user'] },
});

/** Starts a gateway on a Redis. */
export function startNode(
  url: string,
  cluster: ClusterOptions | false = SHORT_LEASE,
  options: WebSocketModuleOptions = {},
): Promise<TestNode> {
  return nodeApp({ redis: { url }, ...options }, (app) => app.gateway({ cluster }));
}

/** Starts a gateway, told what is different about it. */
export async function nodeApp(
  options: WebSocketModuleOptions,
  configure: (app: GatewayAppBuilder) => GatewayAppBuilder,
): Promise<TestNode> {
  const connected: ConnectedEvent[] = [];
  const disconnected: DisconnectedEvent[] = [];
  const app = gatewayApp()
    .gateway({ cluster: SHORT_LEASE, authorizer, drain: { durationMs: 1, graceMs: 2_000 } })
    .with({ goneGracePeriodMs: 0, storeTimeoutMs: 1_000, ...options })
    .on('websocket.connected', (event) => void connected.push(event))
    .on('websocket.message', () => undefined)
    .on('websocket.disconnected', (event) => void disconnected.push(event));
  return Object.assign(await configure(app).start(), { connected, disconnected });
}

/** Connects a client to a node. One after another: the node tells which connection is whose by their order. */
export async function join(node: TestNode, query = ''): Promise<Member> {
  const before = node.connected.length;
  const client = await node.connect({}, query);
  return { client, connectionId: node.connected[before]!.connectionId };
}

/** Resolves once `condition` holds, and fails when that takes too long. */
export async function eventually(condition: () => unknown, what = 'what the test waits for'): Promise<void> {
  const deadline = Date.now() + DEADLINE_MS;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`Waited in vain for ${what}.`);
    await sleep(20);
  }
}

/** The messages that came to a client, after one more that `node` sends to show that nothing is on its way any more. */
export async function messagesOf({ client, connectionId }: Member, node: TestNode): Promise<string[]> {
  const marker = `marker ${crypto.randomUUID()}`;
  await node.manager.sendToConnection(connectionId, marker);
  await eventually(() => client.messages.all.includes(JSON.stringify(marker)), 'the last message');
  return client.messages.all.filter((message) => !message.includes('marker '));
}
