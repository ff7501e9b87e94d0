import { Module } from '@nestjs/common';
import { EventEmitterModule, OnEvent } from '@nestjs/event-emitter';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import * as api from '@opentelemetry/api';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
  type SpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import { WebSocket, WebSocketModule, type MessageEvent } from '../../src/index.js';
import { createLambdaHandler, type LambdaHandler, type LambdaHandlerOptions } from '../../src/lambda/index.js';
import { connect, message, newConnectionId } from '../support/events.js';
import { Gate } from '../support/gateway-inbox.js';
import { testCredentials } from '../support/management-api-client.js';
import { ManagementApiServer, stopManagementApis } from '../support/management-api-server.js';
import { ManualClock } from '../support/manual.clock.js';
import { AsyncContexts, XrayPropagator } from '../support/open-telemetry.js';

const REGISTERED = Symbol.for('opentelemetry.js.api.1');
const TRACE_ID = '5759e988bd862e3fe1be46a994272793';
const PARENT_ID = '53995c3f42cd8ad8';

const opened: { close(): Promise<void> }[] = [];
let spans: InMemorySpanExporter;

beforeEach(() => {
  spans = new InMemorySpanExporter();
});

afterEach(async () => {
  for (const application of opened.splice(0)) await application.close();
  await stopManagementApis();
  for (const name of ['_X_AMZN_TRACE_ID', 'AWS_LAMBDA_INITIALIZATION_TYPE']) Reflect.deleteProperty(process.env, name);
  for (const part of [api.trace, api.context, api.propagation]) part.disable();
  Reflect.deleteProperty(globalThis, REGISTERED);
});

function registerSdk(processor: SpanProcessor = new SimpleSpanProcessor(spans)): void {
  api.trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [processor] }));
  api.context.setGlobalContextManager(new AsyncContexts());
  api.propagation.setGlobalPropagator(new XrayPropagator());
}

class Listener {
  static hanging = new Gate();
  static release = new Gate();

  @OnEvent('websocket.message', { suppressErrors: false })
  async echo({ connectionId, message }: MessageEvent): Promise<void> {
    await WebSocket.sendToConnection(connectionId, message);
  }

  @OnEvent('websocket.fail', { suppressErrors: false })
  fail(): void {
    throw new Error('secret');
  }

  @OnEvent('websocket.hang', { suppressErrors: false })
  async hang(): Promise<void> {
    Listener.hanging.open();
    await Listener.release.opened;
  }
}

function handlerOf(
  options: { endpoint?: string; clock?: ManualClock } = {},
  how: LambdaHandlerOptions = {},
): LambdaHandler {
  @Module({
    imports: [
      EventEmitterModule.forRoot(),
      WebSocketModule.forRoot({
        credentials: testCredentials,
        ...(options.endpoint !== undefined && { apiGatewayEndpoint: options.endpoint }),
        ...(options.clock !== undefined && { clock: options.clock }),
      }),
    ],
    providers: [Listener],
  })
  class AppModule {}
  return createLambdaHandler(AppModule, {
    application: { logger: false },
    onStart: (application) => void opened.push(application),
    ...how,
  });
}

function finished() {
  return spans
    .getFinishedSpans()
    .map(({ name, kind, attributes, status }) => ({ name, kind, attributes, status: status.code }));
}

describe('with an SDK of OpenTelemetry', () => {
  let processor: SimpleSpanProcessor;

  beforeEach(() => {
    processor = new SimpleSpanProcessor(spans);
    registerSdk(processor);
  });

  it('an invocation is a span, by its route and by the conventions for functions', async () => {
    const handler = handlerOf();
    await handler(connect({ userId: 'user-1' }), { awsRequestId: 'r-1' });
    await handler(message(newConnectionId(), 'x', 'nobody'), { awsRequestId: 'r-2' });
    expect(finished()).toEqual([
      {
        name: 'websocket $connect',
        kind: api.SpanKind.SERVER,
        status: api.SpanStatusCode.UNSET,
        attributes: {
          'faas.trigger': 'http',
          'faas.invocation_id': 'r-1',
          'faas.coldstart': true,
          'websocket.route': '$connect',
          'http.response.status_code': 200,
        },
      },
      expect.objectContaining({
        name: 'websocket nobody',
        attributes: expect.objectContaining({ 'faas.invocation_id': 'r-2', 'faas.coldstart': false }),
      }),
    ]);
  });

  it('no invocation is a cold start where AWS has started the process beforehand', async () => {
    process.env['AWS_LAMBDA_INITIALIZATION_TYPE'] = 'provisioned-concurrency';
    await handlerOf()(connect());
    expect(finished()[0]?.attributes['faas.coldstart']).toBe(false);
  });

  it('a span has no more of a route than a route may have', async () => {
    await handlerOf()(message(newConnectionId(), 'x', 'r'.repeat(1_000)));
    const route = 'r'.repeat(128);
    expect(finished()).toEqual([
      expect.objectContaining({
        name: `websocket ${route}`,
        attributes: expect.objectContaining({ 'websocket.route': route }),
      }),
    ]);
  });

  it('a span says what an invocation is for that is no event of a WebSocket API', async () => {
    const handler = handlerOf();
    await handler({ warmup: true });
    await handler({ Records: [{ messageId: 'm-1', body: '{}', eventSource: 'aws:sqs' }] });
    await handler({ websocket: 'cleanup' });
    expect(finished().map(({ name, attributes }) => [name, attributes['faas.trigger']])).toEqual([
      ['websocket warm-up', 'other'],
      ['websocket shards', 'pubsub'],
      ['websocket cleanup', 'timer'],
    ]);
  });

  it('what listeners send is a part of the span, which ends after it', async () => {
    const server = await ManagementApiServer.start();
    const handler = handlerOf({ endpoint: server.endpoint() });
    const connectionId = newConnectionId();
    await handler(connect({ connectionId }));
    spans.reset();
    await handler(message(connectionId, { text: 'Hello' }));
    const [send, invocation] = spans.getFinishedSpans();
    expect([send?.name, invocation?.name]).toEqual(['send websocket', 'websocket $default']);
    expect(send?.parentSpanContext?.spanId).toBe(invocation?.spanContext().spanId);
    expect(send?.spanContext().traceId).toBe(invocation?.spanContext().traceId);
    expect(JSON.stringify([send?.attributes, invocation?.attributes])).not.toContain(connectionId);
  });

  it('a span belongs to the trace that Lambda hands over', async () => {
    process.env['_X_AMZN_TRACE_ID'] =
      `Root=1-${TRACE_ID.slice(0, 8)}-${TRACE_ID.slice(8)};Parent=${PARENT_ID};Sampled=1`;
    const handler = handlerOf();
    await handler(connect());
    const [span] = spans.getFinishedSpans();
    expect(span?.spanContext().traceId).toBe(TRACE_ID);
    expect(span?.parentSpanContext?.spanId).toBe(PARENT_ID);
    expect(span?.kind).toBe(api.SpanKind.SERVER);
  });

  it('a span is inside of the one that a layer has begun, whatever Lambda hands over', async () => {
    process.env['_X_AMZN_TRACE_ID'] =
      `Root=1-${TRACE_ID.slice(0, 8)}-${TRACE_ID.slice(8)};Parent=${PARENT_ID};Sampled=1`;
    const handler = handlerOf();
    await api.trace.getTracer('layer').startActiveSpan('function', async (outer) => {
      await handler(connect());
      outer.end();
    });
    const [inner, outer] = spans.getFinishedSpans();
    expect(inner).toMatchObject({ name: 'websocket $connect', kind: api.SpanKind.INTERNAL });
    expect(inner?.parentSpanContext?.spanId).toBe(outer?.spanContext().spanId);
  });

  it('a span is exported before the answer, unless what is around it does that', async () => {
    const flushed: string[] = [];
    const handler = handlerOf();
    Object.assign(processor, {
      forceFlush: async () => void flushed.push(spans.getFinishedSpans().at(-1)?.name ?? ''),
    });
    await handler(connect());
    expect(flushed).toEqual(['websocket $connect']);
    await api.trace.getTracer('layer').startActiveSpan('function', () => handler(connect()));
    expect(flushed).toHaveLength(1);
  });

  it('an answer does not wait for an exporter that hangs', async () => {
    const exporting = new Gate();
    Object.assign(processor, { forceFlush: () => exporting.opened });
    expect(await handlerOf()(connect())).toMatchObject({ statusCode: 200 });
    exporting.open();
  });

  it('a span tells that an event was not handled, and nothing of why', async () => {
    const handler = handlerOf();
    await handler(message(newConnectionId(), { password: 'hunter2' }, 'fail'));
    await expect(handler({ nothing: 'known' })).rejects.toThrow();
    expect(finished()).toEqual([
      expect.objectContaining({
        status: api.SpanStatusCode.ERROR,
        attributes: expect.objectContaining({ 'error.type': '500', 'http.response.status_code': 500 }),
      }),
      expect.objectContaining({
        name: 'websocket unknown',
        status: api.SpanStatusCode.ERROR,
        attributes: expect.objectContaining({ 'error.type': 'UnknownInvocationError' }),
      }),
    ]);
    expect(JSON.stringify([finished(), spans.getFinishedSpans().map(({ events }) => events)])).not.toMatch(
      /secret|hunter2/,
    );
  });

  it('a span tells that the application did not start', async () => {
    const handler = handlerOf(
      {},
      {
        onStart: async (application) => {
          opened.push(application);
          throw new RangeError('secret');
        },
      },
    );
    await expect(handler(connect())).rejects.toThrow(RangeError);
    expect(finished()).toEqual([
      expect.objectContaining({ attributes: expect.objectContaining({ 'error.type': 'RangeError' }) }),
    ]);
  });

  it('the span of an invocation that will not end in time is ended before Lambda ends the process', async () => {
    const clock = new ManualClock();
    const handler = handlerOf({ clock });
    await handler({ warmup: true });
    spans.reset();
    const answer = handler(message(newConnectionId(), 'x', 'hang'), { getRemainingTimeInMillis: () => 3_000 });
    await Listener.hanging.opened;
    await clock.advance(2_899);
    expect(finished()).toEqual([]);
    await clock.advance(1);
    expect(finished()).toEqual([
      expect.objectContaining({
        name: 'websocket hang',
        status: api.SpanStatusCode.ERROR,
        attributes: expect.objectContaining({ 'error.type': 'timeout' }),
      }),
    ]);
    Listener.release.open();
    await answer;
    expect(finished()).toHaveLength(1);
  });
});

describe('an SDK that fails', () => {
  it('fails no event', async () => {
    registerSdk({
      onStart: () => {
        throw new Error('The exporter failed.');
      },
      onEnd: () => undefined,
      forceFlush: () => Promise.reject(new Error('The exporter failed.')),
      shutdown: async () => undefined,
    });
    expect(await handlerOf()(connect())).toMatchObject({ statusCode: 200 });
  });
});

describe('without an SDK', () => {
  it('nothing is traced, and what is registered later is used from then on', async () => {
    const handler = handlerOf();
    await handler(connect());
    registerSdk();
    await handler(connect());
    expect(finished()).toHaveLength(1);
  });
});
