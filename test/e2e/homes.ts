import { once } from 'node:events';
import { WebSocket } from 'ws';
import { removeFolders } from '../support/certificates.js';
import { withNginx } from '../support/guide.proxies.js';
import { ManagementApiServer } from '../support/management-api-server.js';
import { goldenEvent } from '../support/gateway-events.js';
import { stopProxies } from '../support/proxy.process.js';
import { freePort, RedisServer } from '../support/redis.server.js';
import { LambdaProcess } from './lambda-process.js';
import { SampleProcess } from './sample-process.js';

/** A message of the chat's page. */
export interface Request {
  readonly action: string;
  readonly [field: string]: unknown;
}

/** Someone in the chat, wherever the chat runs. */
export interface Participant {
  /** Everything they were sent, in order. */
  readonly frames: readonly Frame[];
  /** Sends a request; resolves when everyone has what they get of it. `answer` is the type of the last frame that its sender gets. */
  ask(request: Request, answer: string): Promise<void>;
  /** Closes the tab; resolves when everyone has heard of it. */
  vanish(): Promise<void>;
}

export interface Frame {
  readonly type: string;
  readonly [field: string]: unknown;
}

/** A place where the sample application runs, and a way to be connected to it. */
export interface Home {
  enter(): Promise<Participant>;
  stop(): Promise<void>;
}

/** The application with its embedded gateway, and real sockets. */
export class EmbeddedHome implements Home {
  /** Those that are open, each with what its end will resolve. */
  private readonly sockets = new Map<WebSocket, Promise<number>>();

  private constructor(
    private readonly url: string,
    private readonly stopAll: () => Promise<unknown>,
  ) {}

  static async start(): Promise<EmbeddedHome> {
    const sample = await SampleProcess.start();
    return new EmbeddedHome(sample.webSocketUrl, () => sample.stop());
  }

  /** Two processes on one Redis, and nginx as the guide configures it before them, which sends clients to both in turn. */
  static async startBehindNginx(): Promise<EmbeddedHome> {
    const redis = await RedisServer.start();
    const environment = { REDIS_URL: redis.url };
    const nodes = [await SampleProcess.start(0, environment), await SampleProcess.start(0, environment)];
    const stopAll = async (): Promise<void> => {
      await Promise.all(nodes.map((node) => node.stop()));
      await stopProxies();
      removeFolders();
      await redis.kill();
    };
    const port = await freePort();
    await withNginx(
      nodes.map((node) => `127.0.0.1:${node.port}`),
      port,
      {},
    );
    return new EmbeddedHome(`wss://127.0.0.1:${port}/ws`, stopAll);
  }

  async enter(): Promise<Participant & { readonly closeCode: Promise<number> }> {
    const socket = new WebSocket(this.url, { rejectUnauthorized: false });
    const frames: Frame[] = [];
    socket.on('message', (data: Buffer) => frames.push(JSON.parse(data.toString())));
    await once(socket, 'open');
    const closeCode = once(socket, 'close').then(([code]) => {
      this.sockets.delete(socket);
      return code as number;
    });
    this.sockets.set(socket, closeCode);
    return {
      frames,
      closeCode,
      ask: async (request, answer) => {
        const answered = nextFrame(socket, answer);
        socket.send(JSON.stringify(request));
        await answered;
        await this.settle();
      },
      vanish: async () => {
        this.sockets.delete(socket);
        const [witness] = this.sockets.keys();
        // The last thing that the application does for someone who left their only room.
        const heard = nextFrame(witness!, 'count');
        socket.close(1001);
        await heard;
        await this.settle();
      },
    };
  }

  async stop(): Promise<void> {
    for (const socket of this.sockets.keys()) socket.terminate();
    await this.stopAll();
  }

  /** Everything written to a socket before its pong, or before its end, has arrived with that. */
  private async settle(): Promise<void> {
    await Promise.all(
      [...this.sockets].map(async ([socket, closed]) => {
        const settled = Promise.race([new Promise((resolve) => socket.once('pong', resolve)), closed]);
        socket.ping();
        await settled;
      }),
    );
  }
}

/** The application's Lambda entry, fed API Gateway's own events, and a plain HTTP server for what it posts back. */
export class LambdaHome implements Home {
  private entered = 0;

  private constructor(
    readonly api: ManagementApiServer,
    readonly lambda: LambdaProcess,
  ) {}

  static async start(): Promise<LambdaHome> {
    const api = await ManagementApiServer.start();
    try {
      return new LambdaHome(api, await LambdaProcess.start({ WEBSOCKET_API_GATEWAY_ENDPOINT: api.endpoint() }));
    } catch (error) {
      await api.stop();
      throw error;
    }
  }

  async enter(): Promise<Participant & { readonly connectionId: string }> {
    const { api } = this;
    // What a connection id has to be encoded for in a URL, and is.
    const connectionId = `Chat+/${String(++this.entered).padStart(9, '0')}=`;
    await this.raise('connect', { connectionId });
    return {
      connectionId,
      get frames() {
        return (api.inboxes[connectionId] ?? []) as Frame[];
      },
      ask: (request) =>
        this.raise('message', { connectionId, routeKey: request.action }, { body: JSON.stringify(request) }),
      vanish: () => this.raise('disconnect-tab-closed', { connectionId }),
    };
  }

  async stop(): Promise<void> {
    await this.lambda.stop();
    await this.api.stop();
  }

  private async raise(golden: string, context: object, fields: object = {}): Promise<void> {
    const event = goldenEvent(golden);
    const { statusCode, body } = await this.lambda.invoke({
      ...event,
      ...fields,
      requestContext: { ...event.requestContext, ...context },
    });
    if (statusCode !== 200) throw new Error(`The Lambda answered ${statusCode}: ${body}\n${this.lambda.log}`);
  }
}

function nextFrame(socket: WebSocket, type: string): Promise<void> {
  return new Promise((resolve) => {
    // Not `once`: frames that arrive together are emitted together, before whoever awaits the first can look at the next.
    const listener = (data: Buffer): void => {
      if (JSON.parse(data.toString()).type !== type) return;
      socket.off('message', listener);
      resolve();
    };
    socket.on('message', listener);
  });
}
