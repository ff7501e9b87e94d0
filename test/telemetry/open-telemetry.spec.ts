import { Logger } from '@nestjs/common';
import { EventEmitter2 } from '@nestjs/event-emitter';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import * as api from '@opentelemetry/api';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { EventPublisher } from '../../src/events/event.publisher.js';
import { StoreUnavailableError, WebSocketEvents } from '../../src/index.js';
import { DeferredOpenTelemetryObserver } from '../../src/telemetry/deferred-open-telemetry.observer.js';
import { createObserver } from '../../src/telemetry/observer.factory.js';
import { end, progress, wanted } from './broadcast.js';

const REGISTERED = Symbol.for('opentelemetry.js.api.1');

let spans: InMemorySpanExporter;
let metrics: InMemoryMetricExporter;
let tracing: BasicTracerProvider;
let metering: MeterProvider;

beforeEach(() => {
  spans = new InMemorySpanExporter();
  tracing = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spans)] });
  startMetering();
});

afterEach(async () => {
  await Promise.all([tracing.shutdown(), metering.shutdown()]);
  api.trace.disable();
  api.metrics.disable();
  Reflect.deleteProperty(globalThis, REGISTERED);
});

function startMetering(): void {
  metrics = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  metering = new MeterProvider({
    readers: [new PeriodicExportingMetricReader({ exporter: metrics, exportIntervalMillis: 3_600_000 })],
  });
}

function registerSdk(): void {
  api.trace.setGlobalTracerProvider(tracing);
  api.metrics.setGlobalMeterProvider(metering);
}

function observe(emitter = new EventEmitter2()) {
  return createObserver(new EventPublisher(() => emitter));
}

/** The data points of every instrument, as they were exported last. */
async function exported() {
  await metering.forceFlush();
  const scopes = metrics.getMetrics().at(-1)?.scopeMetrics ?? [];
  return Object.fromEntries(
    scopes.flatMap(({ metrics: ofScope }) =>
      ofScope.map(({ descriptor: { name, unit }, dataPoints }) => [
        name,
        { unit, points: dataPoints.map(({ attributes, value }) => ({ ...attributes, value })) },
      ]),
    ),
  );
}

describe('with an SDK', () => {
  beforeEach(registerSdk);

  it('counts messages by outcome, and times each', async () => {
    const observation = wanted((await observe()).begin(() => 'b-1'));
    observation.settled('delivered', 7);
    observation.settled('delivered', 30);
    observation.settled('gone', 4);
    await observation.ended(end({ delivered: 2, gone: 1 }));
    expect(await exported()).toEqual({
      'websocket.delivery.messages': {
        unit: '{message}',
        points: [
          { 'websocket.delivery.outcome': 'delivered', value: 2 },
          { 'websocket.delivery.outcome': 'gone', value: 1 },
        ],
      },
      'websocket.delivery.duration': {
        unit: 's',
        points: [
          {
            'websocket.delivery.outcome': 'delivered',
            value: {
              count: 2,
              min: 0.007,
              max: 0.03,
              sum: expect.closeTo(0.037),
              buckets: {
                boundaries: [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10],
                counts: [0, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
              },
            },
          },
          { 'websocket.delivery.outcome': 'gone', value: expect.objectContaining({ count: 1, sum: 0.004 }) },
        ],
      },
    });
  });

  it('counts what is done at each progress, once, and knows what is in flight', async () => {
    const observer = await observe();
    const [one, other] = [wanted(observer.begin(() => 'b-1')), wanted(observer.begin(() => 'b-2'))];
    one.settled('delivered', 1);
    one.progress(progress({ delivered: 1, inFlight: 10 }));
    other.progress(progress({ inFlight: 5 }));
    const active = 'websocket.delivery.active_messages';
    expect(await exported()).toMatchObject({
      'websocket.delivery.messages': { points: [{ value: 1 }] },
      [active]: { unit: '{message}', points: [{ value: 15 }] },
    });
    one.settled('delivered', 1);
    one.progress(progress({ delivered: 2, inFlight: 3 }));
    expect(await exported()).toMatchObject({
      'websocket.delivery.messages': { points: [{ value: 2 }] },
      [active]: { points: [{ value: 8 }] },
    });
    await Promise.all([one.ended(end({ delivered: 2 })), other.ended(end())]);
    expect(await exported()).toMatchObject({
      'websocket.delivery.messages': { points: [{ value: 2 }] },
      [active]: { points: [{ value: 0 }] },
    });
  });

  it('traces a broadcast as one span, with counts and without an id of a connection', async () => {
    const observation = wanted((await observe()).begin(() => 'b-1'));
    for (let message = 0; message < 100; message++) observation.settled('delivered', 1);
    await observation.ended(end({ delivered: 96, gone: 1, throttled: 1, failed: 2, isAborted: true }));
    expect(spans.getFinishedSpans()).toHaveLength(1);
    expect(spans.getFinishedSpans()[0]).toMatchObject({
      name: 'send websocket',
      kind: api.SpanKind.CLIENT,
      status: { code: api.SpanStatusCode.UNSET },
      instrumentationScope: { name: 'nestjs-apigateway-websocket' },
    });
    expect(spans.getFinishedSpans()[0]?.attributes).toEqual({
      'websocket.broadcast.id': 'b-1',
      'websocket.delivery.recipients': 100,
      'websocket.delivery.delivered': 96,
      'websocket.delivery.gone': 1,
      'websocket.delivery.throttled': 1,
      'websocket.delivery.failed': 2,
      'websocket.delivery.aborted': true,
    });
  });

  it.each([
    { error: new StoreUnavailableError('redis://secret@host is down'), type: 'StoreUnavailableError' },
    { error: 'secret', type: '_OTHER' },
  ])('marks a broadcast that failed, by the name of its error alone: $type', async ({ error, type }) => {
    await wanted((await observe()).begin(() => 'b-1')).ended(end({ error }));
    const [span] = spans.getFinishedSpans();
    expect(span).toMatchObject({ status: { code: api.SpanStatusCode.ERROR }, attributes: { 'error.type': type } });
    expect(JSON.stringify([span?.attributes, span?.events, span?.status])).not.toContain('secret');
  });

  it('does not keep events from being emitted', async () => {
    const emitter = new EventEmitter2();
    const completed: unknown[] = [];
    emitter.on(WebSocketEvents.DeliveryCompleted, (event: unknown) => void completed.push(event));
    const observation = wanted((await observe(emitter)).begin(() => 'b-1'));
    observation.settled('delivered', 7);
    observation.progress(progress({ delivered: 1 }));
    await observation.ended(end({ delivered: 1 }));
    expect(completed).toEqual([
      expect.objectContaining({ delivered: 1, latency: expect.objectContaining({ sumMs: 7 }) }),
    ]);
    expect(spans.getFinishedSpans()).toHaveLength(1);
  });
});

describe('with a part of an SDK', () => {
  it('measures where there are meters only', async () => {
    api.metrics.setGlobalMeterProvider(metering);
    const observation = wanted((await observe()).begin(() => 'b-1'));
    observation.settled('failed', 1);
    await observation.ended(end({ failed: 1 }));
    expect(await exported()).toMatchObject({
      'websocket.delivery.messages': { points: [{ 'websocket.delivery.outcome': 'failed', value: 1 }] },
    });
  });

  it('traces where there are tracers only', async () => {
    api.trace.setGlobalTracerProvider(tracing);
    const observation = wanted((await observe()).begin(() => 'b-1'));
    observation.settled('failed', 1);
    observation.progress(progress({ failed: 1 }));
    await observation.ended(end({ failed: 1 }));
    expect(spans.getFinishedSpans()).toHaveLength(1);
    expect(await exported()).toEqual({});
  });
});

describe('without an SDK', () => {
  it('does not even load the API', () => {
    const load = jest.fn(() => Promise.resolve(api));
    const observer = new DeferredOpenTelemetryObserver(load);
    expect(observer.begin(() => 'b-1')).toBeNull();
    expect(load).not.toHaveBeenCalled();
  });

  it('observes from when one is registered', async () => {
    const observer = await observe();
    expect(observer.begin(() => 'b-1')).toBeNull();
    registerSdk();
    expect(observer.begin(() => 'b-2')).toBeNull();
    await new Promise(setImmediate);
    await wanted(observer.begin(() => 'b-3')).ended(end({ broadcastId: 'b-3' }));
    expect(spans.getFinishedSpans().map(({ attributes }) => attributes['websocket.broadcast.id'])).toEqual(['b-3']);
  });

  it('stops to observe when it was taken away', async () => {
    registerSdk();
    const observer = await observe();
    wanted(observer.begin(() => 'b-1'));
    api.trace.disable();
    api.metrics.disable();
    expect(observer.begin(() => 'b-2')).toBeNull();
  });

  it('measures for the SDK that took its place', async () => {
    registerSdk();
    const observer = await observe();
    await wanted(observer.begin(() => 'b-1')).ended(end());
    api.metrics.disable();
    await metering.shutdown();
    startMetering();
    api.metrics.setGlobalMeterProvider(metering);
    const observation = wanted(observer.begin(() => 'b-2'));
    observation.settled('delivered', 1);
    await observation.ended(end());
    expect(await exported()).toMatchObject({ 'websocket.delivery.messages': { points: [{ value: 1 }] } });
  });
});

describe('an API that cannot be loaded', () => {
  it('is said once and breaks no broadcast', async () => {
    registerSdk();
    const warnings = jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
    const load = jest.fn(() => Promise.reject<typeof api>(new Error('no such package')));
    const observer = new DeferredOpenTelemetryObserver(load);
    await observer.prepare();
    expect(observer.begin(() => 'b-1')).toBeNull();
    await new Promise(setImmediate);
    expect(load).toHaveBeenCalledTimes(1);
    expect(warnings.mock.calls).toEqual([[expect.stringContaining('no such package')]]);
    warnings.mockRestore();
  });
});
