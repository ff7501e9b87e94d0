import { afterEach, describe, expect, it } from '@jest/globals';
import { Injectable, Module, type DynamicModule, type OnModuleInit, type Type } from '@nestjs/common';
import { EventEmitterModule, OnEvent } from '@nestjs/event-emitter';
import {
  UnknownInvocationError,
  WebSocket,
  WebSocketModule,
  type DeliveryReport,
  type MessageEvent,
  type WebSocketModuleOptions,
} from '../../src/index.js';
import { createLambdaHandler, type LambdaHandler, type LambdaHandlerOptions } from '../../src/lambda/index.js';
import { connect, disconnect, message, newConnectionId } from '../support/events.js';
import { goldenEvent } from '../support/gateway-events.js';
import { testCredentials } from '../support/management-api-client.js';
import { ManagementApiServer, stopManagementApis } from '../support/management-api-server.js';
import { ManualClock } from '../support/manual.clock.js';

const opened: { close(): Promise<void> }[] = [];

afterEach(async () => {
  for (const application of opened.splice(0)) await application.close();
  await stopManagementApis();
});

@Injectable()
class EchoListener {
  static readonly reports: DeliveryReport[] = [];

  @OnEvent('websocket.message', { suppressErrors: false })
  async echo({ connectionId, message }: MessageEvent): Promise<void> {
    await WebSocket.sendToConnection(connectionId, message);
  }

  @OnEvent('websocket.shout', { suppressErrors: false })
  async shout({ message }: MessageEvent): Promise<void> {
    EchoListener.reports.push(await WebSocket.to('room').send(message));
  }
}

@Module({})
class LambdaModule {
  static with(options: WebSocketModuleOptions, ...providers: Type[]): DynamicModule {
    return {
      module: LambdaModule,
      imports: [EventEmitterModule.forRoot(), WebSocketModule.forRoot({ credentials: testCredentials, ...options })],
      providers: [EchoListener, ...providers],
    };
  }
}

function handlerOf(options: WebSocketModuleOptions = {}, how: LambdaHandlerOptions = {}): LambdaHandler {
  return createLambdaHandler(LambdaModule.with(options), {
    application: { logger: false },
    ...how,
    onStart: async (application) => {
      opened.push(application);
      await how.onStart?.(application);
    },
  });
}

describe('the handler of a Lambda function', () => {
  it("answers the events of a WebSocket API, from AWS's own", async () => {
    const handler = handlerOf();
    expect(await handler(goldenEvent('connect'))).toEqual({ statusCode: 200, body: '{"message":"Connected"}' });
    expect(await handler(goldenEvent('disconnect'))).toEqual({ statusCode: 200, body: '{"message":"Disconnected"}' });
  });

  it('answers a message when what its listeners sent has been taken', async () => {
    const api = await ManagementApiServer.start();
    const handler = handlerOf({ apiGatewayEndpoint: api.endpoint() });
    const connectionId = newConnectionId();
    await handler(connect({ connectionId }));
    await handler(message(connectionId, { text: 'Hello' }));
    expect(api.inboxes).toEqual({ [connectionId]: [{ text: 'Hello' }] });
    await handler(disconnect(connectionId));
    expect(await WebSocket.getAllConnections()).toEqual([]);
  });

  it('starts the application once for events that come at the same time, and before the first one', async () => {
    let starts = 0;
    const handler = handlerOf(
      {},
      {
        onStart: () => {
          starts++;
        },
      },
    );
    await Promise.all([handler(connect()), handler(connect()), handler({ warmup: true })]);
    expect(starts).toBe(1);
  });

  it('is ready when the application is up, before the first event', async () => {
    let isUp = false;
    const handler = handlerOf(
      {},
      {
        onStart: async () => {
          await new Promise(setImmediate);
          isUp = true;
        },
      },
    );
    await handler.ready;
    expect(isUp).toBe(true);
  });

  it('is ready, too, when the application did not start: that is for the first event to tell', async () => {
    const handler = handlerOf(
      {},
      {
        onStart: () => {
          throw new Error('Not today.');
        },
      },
    );
    await handler.ready;
    await expect(handler(connect())).rejects.toThrow('Not today.');
  });

  it('starts nothing before the first event where it is told so', async () => {
    let starts = 0;
    const handler = handlerOf(
      {},
      {
        startsAtOnce: false,
        onStart: () => {
          starts++;
        },
      },
    );
    await new Promise(setImmediate);
    expect(starts).toBe(0);
    await handler({ warmup: true });
    expect(starts).toBe(1);
  });

  it('rejects with what kept the application from starting, and starts it anew for the next event', async () => {
    let attempts = 0;
    @Injectable()
    class Fragile implements OnModuleInit {
      onModuleInit(): void {
        if (++attempts === 1) throw new Error('The secret could not be read.');
      }
    }
    const handler = createLambdaHandler(LambdaModule.with({}, Fragile), {
      application: { logger: false },
      onStart: (application) => void opened.push(application),
    });
    await expect(handler(connect())).rejects.toThrow('The secret could not be read.');
    expect(await handler(connect())).toMatchObject({ statusCode: 200 });
    expect(attempts).toBe(2);
  });

  it.each([
    ['an event of a schedule', { source: 'aws.events', 'detail-type': 'Scheduled Event', detail: {} }],
    ['the input of a schedule', { websocket: 'cleanup' }],
  ])('cleans up for %s', async (_, event) => {
    const clock = new ManualClock();
    const handler = handlerOf({ clock });
    await handler(connect({ connectedAt: clock.now() }));
    expect(await handler(event)).toEqual({ ended: 0 });
    await clock.advance(25 * 3_600_000 - 1_800_000);
    expect(await handler(event)).toEqual({ ended: 1 });
  });

  it.each([[{ warmup: true }], [{ warmer: true, concurrency: 3 }], [{ source: 'serverless-plugin-warmup' }]])(
    'takes %j for a warm-up',
    async (event) => {
      expect(await handlerOf()(event)).toEqual({ warm: true });
    },
  );

  it('works shards off for a batch of SQS, and names the messages to deliver again', async () => {
    const record = { messageId: 'm-1', receiptHandle: 'r', body: '{}', eventSource: 'aws:sqs' };
    expect(await handlerOf()({ Records: [record] })).toEqual({ batchItemFailures: expect.any(Array) });
  });

  it.each([[null], ['text'], [{}], [[]], [{ Records: [{ eventSource: 'aws:s3' }] }], [{ warmup: 'yes' }]])(
    'refuses %j with an error that says what it takes',
    async (event) => {
      const failure = handlerOf()(event);
      await expect(failure).rejects.toThrow(UnknownInvocationError);
      await expect(failure).rejects.toThrow('Check what triggers it.');
    },
  );

  it('answers 400 to an event of a REST API', async () => {
    const event = { httpMethod: 'GET', path: '/', requestContext: { requestId: 'r', stage: 'prod' } };
    expect(await handlerOf()(event)).toMatchObject({ statusCode: 400 });
  });

  it('ends what is being sent before the time of the invocation is up, and says so', async () => {
    const clock = new ManualClock();
    const api = await ManagementApiServer.start(() => null);
    const handler = handlerOf({ clock, apiGatewayEndpoint: api.endpoint(), requestTimeoutMs: 60_000 });
    const connectionId = newConnectionId();
    await handler(connect({ connectionId, connectedAt: clock.now() - 60_000 }));
    await WebSocket.joinChannel(connectionId, 'room');
    EchoListener.reports.length = 0;
    const answer = handler(message(connectionId, { text: 'Hello' }, 'shout'), {
      getRemainingTimeInMillis: () => 3_000,
    });
    await api.requests.next();
    await clock.advance(2_499);
    expect(EchoListener.reports).toEqual([]);
    await clock.advance(1);
    expect(await answer).toMatchObject({ statusCode: 200 });
    expect(EchoListener.reports).toEqual([expect.objectContaining({ aborted: true, delivered: 0, failed: 1 })]);
  });
});
