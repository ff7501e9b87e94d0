import { Injectable, Module, type OnApplicationShutdown, type OnModuleInit, type Type } from '@nestjs/common';
import { EventEmitterModule, OnEvent } from '@nestjs/event-emitter';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  InvalidOptionsError,
  UnknownInvocationError,
  WebSocket,
  WebSocketModule,
  type MessageEvent,
} from '../../src/index.js';
import {
  createLambdaHandler,
  type LambdaContext,
  type LambdaHandler,
  type LambdaHandlerOptions,
} from '../../src/lambda/index.js';
import { ShardEnvelope } from '../../src/fanout/offload/shard.envelope.js';
import { connect, message, newConnectionId } from '../support/events.js';
import { Gate } from '../support/gateway-inbox.js';
import { LogCapture } from '../support/log.capture.js';
import { testCredentials } from '../support/management-api-client.js';
import { ManagementApiServer, stopManagementApis } from '../support/management-api-server.js';
import { ManualClock } from '../support/manual.clock.js';

const opened: { close(): Promise<void> }[] = [];
let clock: ManualClock;
let log: LogCapture;
let hanging: Gate;
let release: Gate;

beforeEach(() => {
  clock = new ManualClock();
  log = new LogCapture();
  hanging = new Gate();
  release = new Gate();
});

afterEach(async () => {
  release.open();
  for (const application of opened.splice(0)) await application.close();
  await stopManagementApis();
});

class Listener {
  @OnEvent('websocket.hang', { suppressErrors: false })
  async hang(): Promise<void> {
    hanging.open();
    await release.opened;
  }

  @OnEvent('websocket.echo', { suppressErrors: false })
  async echo({ connectionId, message: said }: MessageEvent): Promise<void> {
    await WebSocket.sendToConnection(connectionId, said);
  }

  @OnEvent('websocket.message', { suppressErrors: false })
  answer({ message: said }: MessageEvent): unknown {
    return said;
  }
}

function handlerOf(how: LambdaHandlerOptions = {}, endpoint?: string, ...providers: Type[]): LambdaHandler {
  @Module({
    imports: [
      EventEmitterModule.forRoot(),
      WebSocketModule.forRoot({
        clock,
        credentials: testCredentials,
        ...(endpoint !== undefined && { apiGatewayEndpoint: endpoint }),
      }),
    ],
    providers: [Listener, ...providers],
  })
  class AppModule {}
  return createLambdaHandler(AppModule, {
    application: { logger: log },
    onStart: (application) => void opened.push(application),
    ...how,
  });
}

const throws = (): never => {
  throw new Error('It cannot be read.');
};
const unreadable: unknown = new Proxy({}, { get: throws, has: throws, ownKeys: throws, getPrototypeOf: throws });

describe('an event of an odd shape', () => {
  it.each<[string, unknown]>([
    ['undefined', undefined],
    ['a number', 7],
    ['an array of events', [connect()]],
    ['a string with an event in it', JSON.stringify(connect())],
    ['an object that cannot be read', unreadable],
    ['a getter that throws', Object.defineProperty({}, 'requestContext', { get: throws, enumerable: true })],
    ['a context that is text', { requestContext: 'CONNECT' }],
    ['records that are no array', { Records: { length: 1, 0: { eventSource: 'aws:sqs', messageId: 'm' } } }],
    [
      'a record of a queue without its id',
      { Records: [{ eventSource: 'aws:sqs', messageId: 'm' }, { eventSource: 'aws:sqs' }] },
    ],
    ['very many records of something else', { Records: new Array(200_000).fill({ eventSource: 'aws:kinesis' }) }],
  ])('is refused with an error that says what the function takes: %s', async (_, event) => {
    const handler = handlerOf();
    await expect(handler(event, { awsRequestId: 'r-1' })).rejects.toThrow(UnknownInvocationError);
    expect(await handler(connect())).toMatchObject({ statusCode: 200 });
  });

  it.each<[string, unknown]>([
    ['a context that is an array', { requestContext: [] }],
    ['a context that cannot be read', { requestContext: unreadable }],
    ['a context without an end', endless()],
    ['an id that is none', { requestContext: { ...connect().requestContext, connectionId: { toString: throws } } }],
  ])('is answered 400: %s', async (_, event) => {
    expect(await handlerOf()(event)).toMatchObject({ statusCode: 400 });
  });

  it('is answered 413 where its body is larger than any message of API Gateway', async () => {
    const huge = message(newConnectionId(), 'x'.repeat(10_000_000));
    expect(await handlerOf()(huge)).toMatchObject({ statusCode: 413 });
  });

  it('in a batch of SQS fails none but its own message', async () => {
    const bodies: unknown[] = ['{}', null, 7, { toString: throws }, 'x'.repeat(300_000)];
    const records = bodies.map((body, index) => ({ messageId: `m-${index}`, eventSource: 'aws:sqs', body }));
    const shard = new ShardEnvelope('b-1', 'websocket:', clock.now(), Buffer.from('"Hello"')).write(0, []);
    const usable = { messageId: 'usable', eventSource: 'aws:sqs', body: shard };
    const damaged = { messageId: 'damaged', eventSource: 'aws:sqs', body: shard.replace('"b-1"', '7') };
    expect(await handlerOf()({ Records: [...records, damaged, usable] })).toEqual({
      batchItemFailures: records.map(({ messageId }) => ({ itemIdentifier: messageId })),
    });
    expect(log.codes()).toEqual(['shard.foreign', 'shard.failed']);
  });
});

function endless(): unknown {
  const requestContext: Record<string, unknown> = {};
  requestContext['authorizer'] = requestContext;
  return { requestContext };
}

describe('a context of an odd shape', () => {
  it.each<[string, unknown]>([
    ['null', null],
    ['text', 'context'],
    ['a request id that is none', { awsRequestId: { toString: throws } }],
    ['a time that throws', { getRemainingTimeInMillis: throws }],
    ['a time that is no function', { getRemainingTimeInMillis: 3_000 }],
    ['a time that is not a number', { getRemainingTimeInMillis: () => NaN }],
    ['a time that is text', { getRemainingTimeInMillis: () => '3000' }],
    ['a time without an end', { getRemainingTimeInMillis: () => Infinity }],
    ['a time beyond what timers take', { getRemainingTimeInMillis: () => 1e15 }],
    ['a time that is over', { getRemainingTimeInMillis: () => -5 }],
    ['a context that cannot be read', unreadable],
  ])('fails no event: %s', async (_, context) => {
    const answer = await handlerOf()(message(newConnectionId(), '"Hello"'), context as LambdaContext);
    expect(answer).toMatchObject({ statusCode: 200, body: '"Hello"' });
  });
});

describe('a time that no context says', () => {
  it.each([[NaN], ['3000'], [Infinity], [null], [{}]])('lets listeners send: %p', async (leftMs) => {
    const api = await ManagementApiServer.start();
    const handler = handlerOf({}, api.endpoint());
    const connectionId = newConnectionId();
    const context = { getRemainingTimeInMillis: () => leftMs } as unknown as LambdaContext;
    await handler(message(connectionId, { text: 'Hello' }, 'echo'), context);
    expect(api.inboxes).toEqual({ [connectionId]: [{ text: 'Hello' }] });
    expect(log.codes()).toEqual([]);
  });
});

describe('a listener that never ends', () => {
  it('is told of shortly before Lambda ends the process, and not answered for', async () => {
    const handler = handlerOf();
    const connectionId = newConnectionId();
    let isAnswered = false;
    const answer = handler(message(connectionId, 'x', 'hang'), { getRemainingTimeInMillis: () => 3_000 });
    answer.then(() => (isAnswered = true)).catch(throws);
    await hanging.opened;
    await clock.advance(2_899);
    expect(log.codes()).not.toContain('invocation.overdue');
    await clock.advance(1);
    expect(log.parsed().filter(({ code }) => code === 'invocation.overdue')).toEqual([
      {
        level: 'error',
        code: 'invocation.overdue',
        fields: { connectionId, route: 'hang' },
        message: expect.any(String),
      },
    ]);
    await clock.advance(60_000);
    expect(log.codes().filter((code) => code === 'invocation.overdue')).toHaveLength(1);
    expect(isAnswered).toBe(false);
    release.open();
    expect(await answer).toMatchObject({ statusCode: 200 });
  });

  it('is not told of where it ends in time', async () => {
    const handler = handlerOf();
    await handler({ warmup: true });
    const waiting = clock.pending;
    await handler(message(newConnectionId(), 'x'), { getRemainingTimeInMillis: () => 3_000 });
    expect(clock.pending).toBe(waiting);
    await clock.advance(3_000);
    expect(log.codes()).not.toContain('invocation.overdue');
  });

  it('holds up no other event', async () => {
    const handler = handlerOf();
    const hung = handler(message(newConnectionId(), 'x', 'hang'));
    await hanging.opened;
    expect(await handler(message(newConnectionId(), '"Hello"'))).toMatchObject({ statusCode: 200 });
    release.open();
    expect(await hung).toMatchObject({ statusCode: 200 });
  });
});

describe('a start that fails', () => {
  it('is told to all events that waited for it, tried once, and tried again for those that come later', async () => {
    let attempts = 0;
    @Injectable()
    class Fragile implements OnModuleInit {
      async onModuleInit(): Promise<void> {
        if (++attempts === 1) throw new Error('The secret could not be read.');
      }
    }
    const handler = handlerOf({}, undefined, Fragile);
    const outcomes = await Promise.allSettled([handler(connect()), handler({ warmup: true }), handler(connect())]);
    expect(outcomes.map((outcome) => outcome.status === 'rejected' && String(outcome.reason))).toEqual(
      new Array(3).fill('Error: The secret could not be read.'),
    );
    expect(attempts).toBe(1);
    expect(log.codes()).toEqual([]);
    const later = await Promise.all([handler(connect()), handler(connect())]);
    expect(later).toEqual([expect.objectContaining({ statusCode: 200 }), expect.objectContaining({ statusCode: 200 })]);
    expect(attempts).toBe(2);
  });

  it('ahead of the first event is logged, and tried again for that', async () => {
    const failed = new Gate();
    let attempts = 0;
    @Injectable()
    class Fragile implements OnModuleInit {
      onModuleInit(): void {
        if (++attempts > 1) return;
        setImmediate(failed.open);
        throw new Error('The secret could not be read.');
      }
    }
    const handler = handlerOf({}, undefined, Fragile);
    await failed.opened;
    expect(log.codes()).toEqual(['start.failed']);
    expect(log.everything).toContain('The secret could not be read.');
    expect(await handler(connect())).toMatchObject({ statusCode: 200 });
  });

  it.each<[string, () => void | Promise<void>]>([
    ['threw', throws],
    ['rejected', () => Promise.reject(new Error('It cannot be read.'))],
  ])('because its hook %s leaves no application behind', async (_, thrown) => {
    let attempts = 0;
    let closed = 0;
    @Injectable()
    class Counter implements OnApplicationShutdown {
      onApplicationShutdown(): void {
        closed++;
      }
    }
    const handler = handlerOf(
      {
        onStart: (application) => {
          if (++attempts < 3) return thrown();
          opened.push(application);
        },
      },
      undefined,
      Counter,
    );
    const first = [handler(connect()), handler(connect())];
    for (const answer of await Promise.allSettled(first))
      expect(answer).toMatchObject({ status: 'rejected', reason: new Error('It cannot be read.') });
    await expect(handler(connect())).rejects.toThrow('It cannot be read.');
    expect([attempts, closed]).toEqual([2, 2]);
    expect(await handler(connect())).toMatchObject({ statusCode: 200 });
  });
});

describe('the option reserveMs', () => {
  it.each([[NaN], [-1], [Infinity], ['500' as unknown as number]])('is refused where it is %p', (reserveMs) => {
    expect(() => handlerOf({ reserveMs })).toThrow(InvalidOptionsError);
    expect(() => handlerOf({ reserveMs })).toThrow('"reserveMs"');
  });
});
