import { once } from 'node:events';
import { connect } from 'node:net';
import { RedisServer } from '../support/redis.server.js';
import { ApiGatewayStandIn, type Invoke } from './api-gateway.stand-in.js';
import { ProgramProcess } from './program.process.js';
import type { ProtocolHome } from './protocol.home.js';
import { ServerlessOfflineProcess } from './serverless-offline.process.js';

const INSTANCES = 3;

/** One process with its embedded gateway, and its state in memory. */
export async function embeddedGateway(): Promise<ProtocolHome> {
  const { program, url } = await startGateway();
  return { urls: [url], forget: null, silence: null, stop: () => program.stop() };
}

/** Three processes with embedded gateways on one Redis. */
export async function embeddedCluster(): Promise<ProtocolHome> {
  return withRedis(async (environment) => {
    const nodes = await Promise.all(Array.from({ length: 3 }, () => startGateway(environment)));
    return {
      urls: nodes.map(({ url }) => url),
      stop: async () => {
        await Promise.all(nodes.map(({ program }) => program.stop()));
      },
    };
  });
}

/** The Lambda entry in three instances that share a Redis. Some actions have routes of their own, the others come in by `$default`. */
export async function lambda(): Promise<ProtocolHome> {
  return withRedis(async (environment) => {
    const instances: ProgramProcess[] = [];
    let invocations = 0;
    const invoke: Invoke = async (event) =>
      (await instances[invocations++ % INSTANCES]!.ask(event)) as Awaited<ReturnType<Invoke>>;
    const api = await ApiGatewayStandIn.start(invoke, ['subscribe', 'publish']);
    const settings = {
      ...environment,
      AWS_LAMBDA_FUNCTION_NAME: 'protocol',
      AWS_ACCESS_KEY_ID: 'AKIAEXAMPLE',
      AWS_SECRET_ACCESS_KEY: 'example-secret',
      WEBSOCKET_API_GATEWAY_ENDPOINT: `http://${api.host}/prod`,
    };
    const started = await Promise.all(
      Array.from({ length: INSTANCES }, () => ProgramProcess.start('lambda.main.ts', settings)),
    );
    instances.push(...started.map(({ program }) => program));
    return {
      urls: [`ws://${api.host}`],
      stop: async () => {
        await api.stop();
        await Promise.all(instances.map((instance) => instance.stop()));
      },
    };
  });
}

/**
 * The Lambda entry under serverless-offline, its state in Redis. It differs from API Gateway in what the suite does not rest on: it takes messages of any
 * size, names the API `private` and the stage `local` in each event, answers 204 where API Gateway answers 200, and 410 without its error type.
 */
export async function serverlessOffline(): Promise<ProtocolHome> {
  return withRedis(async ({ REDIS_URL }) => {
    const offline = await ServerlessOfflineProcess.start(REDIS_URL);
    return { urls: [offline.url], stop: () => offline.stop() };
  });
}

async function startGateway(
  environment: Readonly<Record<string, string>> = {},
): Promise<{ program: ProgramProcess; url: string }> {
  const { program, told } = await ProgramProcess.start('gateway.main.ts', environment);
  return { program, url: (told as { url: string }).url };
}

async function withRedis(
  start: (environment: { readonly REDIS_URL: string }) => Promise<Omit<ProtocolHome, 'forget' | 'silence'>>,
): Promise<ProtocolHome> {
  const redis = await RedisServer.start();
  try {
    const home = await start({ REDIS_URL: redis.url });
    return {
      urls: home.urls,
      forget: () => flush(redis.port),
      silence: () => {
        redis.pause();
        return () => {
          redis.resume();
        };
      },
      stop: async () => {
        await home.stop();
        await redis.kill();
      },
    };
  } catch (error) {
    await redis.kill();
    throw error;
  }
}

async function flush(port: number): Promise<void> {
  const socket = connect(port, '127.0.0.1');
  socket.write('FLUSHALL SYNC\r\n');
  const [answer] = (await once(socket, 'data')) as [Buffer];
  socket.destroy();
  if (!answer.toString().startsWith('+OK')) throw new Error(`Redis was not emptied: ${answer.toString()}`);
}
