import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { register, Registry, type OpenMetricsContentType } from 'prom-client';
import { InvalidOptionsError } from '../../src/index.js';
import { DeliveryTally } from '../../src/telemetry/delivery.tally.js';
import { GatewayTally } from '../../src/telemetry/gateway.tally.js';
import { METRICS } from '../../src/telemetry/prometheus.metrics.js';
import { MetricsRegistration } from '../../src/telemetry/prometheus.registration.js';
import { Telemetry } from '../../src/telemetry/telemetry.js';
import { codeIn, readText, tableRows } from '../architecture/source.js';
import { startApplication, stopApplications } from '../support/application.js';
import { closeGatewayApps, gatewayApp, recorder } from '../support/gateway-app.js';
import { GatewayClient, RawConnection, upgradeRequest } from '../support/gateway-client.js';
import { LogCapture } from '../support/log.capture.js';
import { ManualClock } from '../support/manual.clock.js';
import { metricsController, scrape, seriesOf } from '../support/scrape.js';

let registry: Registry;

beforeEach(() => {
  registry = new Registry();
});

afterEach(async () => {
  await closeGatewayApps();
  await stopApplications();
});

function measured() {
  return gatewayApp().attached(metricsController(registry)).with({ metrics: { registry } });
}

/** The series of one metric, without the buckets of histograms. */
function only(series: Readonly<Record<string, number>>, name: string): Record<string, number> {
  return Object.fromEntries(Object.entries(series).filter(([key]) => key === name || key.startsWith(`${name}{`)));
}

describe('metrics scraped over HTTP', () => {
  it('count connections, and how each handshake and each connection ended', async () => {
    const ends = recorder<'websocket.disconnected'>();
    const app = await measured()
      .on('websocket.connected', ({ eventData }) => {
        if (eventData?.queryStringParameters?.['refuse'] !== undefined) throw new Error('not you');
      })
      .on('websocket.disconnected', ends.push)
      .start();
    const clients = await Promise.all(Array.from({ length: 5 }, () => app.connect()));
    const raw = await RawConnection.upgraded(app.port);
    const unmasked = await RawConnection.upgraded(app.port);
    expect(await GatewayClient.start(`${app.url}?refuse=1`).refused()).toBe(500);
    const bad = await RawConnection.open(app.port);
    bad.socket.write(upgradeRequest({ headers: { 'Sec-WebSocket-Key': 'short' } }));
    await bad.closed;
    const open = await scrape(app.port);
    expect(only(open, 'websocket_connections')).toEqual({ websocket_connections: 7 });
    expect(only(open, 'websocket_handshakes_total')).toEqual({
      'websocket_handshakes_total{result="accepted",status="101"}': 7,
      'websocket_handshakes_total{result="refused",status="400"}': 1,
      'websocket_handshakes_total{result="refused",status="500"}': 1,
    });
    expect(only(open, 'websocket_disconnects_total')).toEqual({});
    await clients[0]?.close(1000);
    await clients[1]?.close(4_001);
    await clients[2]?.close(4_002);
    raw.socket.destroy();
    // A frame that is not masked, which RFC 6455 section 5.1 forbids to clients.
    unmasked.socket.write(Buffer.from([0x81, 0x01, 0x61]));
    await unmasked.closed;
    clients[3]?.socket.terminate();
    await ends.until(6);
    const [remaining] = await app.manager.getAllConnections();
    await app.manager.disconnect(remaining!);
    await clients[4]?.closed;
    await ends.until(7);
    const closed = await scrape(app.port);
    expect(only(closed, 'websocket_connections')).toEqual({ websocket_connections: 0 });
    expect(only(closed, 'websocket_disconnects_total')).toEqual({
      'websocket_disconnects_total{by="client",code="normal"}': 1,
      'websocket_disconnects_total{by="client",code="application"}': 2,
      'websocket_disconnects_total{by="nobody",code="lost"}': 2,
      'websocket_disconnects_total{by="server",code="protocol"}': 1,
      'websocket_disconnects_total{by="server",code="normal"}': 1,
    });
  });

  it('count and time messages in both directions, and their bytes', async () => {
    const app = await measured()
      .gateway({ routes: ['chat', 'fails'], routeResponses: ['chat', 'fails'] })
      .on('websocket.chat', () => 'ok')
      .on('websocket.fails', () => Promise.reject(new Error('broken')))
      .start();
    const [one, other] = await Promise.all([app.connect(), app.connect()]);
    const chat = JSON.stringify({ action: 'chat', text: 'ä' });
    const answers: string[] = [];
    for (const text of [chat, chat, JSON.stringify({ action: 'fails' }), 'no route at all']) {
      one.send(text);
      answers.push(await one.next());
    }
    expect(Object.values(await app.manager.broadcast({ hello: 'world' }))).toEqual([true, true]);
    expect(await app.manager.sendToConnection('unknown', 1)).toBe(false);
    const sent = [await one.next(), await other.next()];
    const series = await scrape(app.port);
    expect(only(series, 'websocket_messages_received_total')).toEqual({
      'websocket_messages_received_total{route="chat",result="ok"}': 2,
      'websocket_messages_received_total{route="fails",result="failed"}': 1,
      'websocket_messages_received_total{route="other",result="unrouted"}': 1,
    });
    expect(series['websocket_message_handling_seconds_count{route="chat"}']).toBe(2);
    expect(series['websocket_message_handling_seconds_bucket{le="+Inf",route="chat"}']).toBe(2);
    expect(series['websocket_message_handling_seconds_bucket{le="30",route="fails"}']).toBe(1);
    expect(only(series, 'websocket_messages_sent_total')).toEqual({
      'websocket_messages_sent_total{outcome="delivered"}': 2,
      'websocket_messages_sent_total{outcome="gone"}': 1,
      'websocket_messages_sent_total{outcome="throttled"}': 0,
      'websocket_messages_sent_total{outcome="too-large"}': 0,
      'websocket_messages_sent_total{outcome="forbidden"}': 0,
      'websocket_messages_sent_total{outcome="failed"}': 0,
    });
    expect(series['websocket_delivery_seconds_count{outcome="delivered"}']).toBe(2);
    const bytes = (texts: readonly string[]): number => texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
    expect(series['websocket_received_bytes_total']).toBe(bytes([chat, chat, '{"action":"fails"}', 'no route at all']));
    expect(series['websocket_sent_bytes_total']).toBe(bytes([...answers, ...sent]));
  });

  it('count a client that does not read once, however many messages find it so', async () => {
    const app = await measured().gateway({ maxBufferedBytes: 1_000 }).start();
    const { client, connectionId } = await app.connectWithId();
    client.socket.pause();
    const large = 'x'.repeat(100_000);
    let isDelivered = true;
    for (let message = 0; message < 500 && isDelivered; message++) {
      isDelivered = await app.manager.sendToConnection(connectionId, large);
    }
    expect(isDelivered).toBe(false);
    expect(await app.manager.sendToConnection(connectionId, large)).toBe(false);
    const series = await scrape(app.port);
    expect(series['websocket_slow_consumers_total']).toBe(1);
    expect(series['websocket_messages_sent_total{outcome="throttled"}']).toBe(2);
    client.socket.terminate();
  });

  it('count a client that reads too slowly also where the gateway has noticed before a message was held back', async () => {
    const clock = new ManualClock();
    const app = await measured().gateway({ maxBufferedBytes: 65_536, slowConsumerSeconds: 60 }).with({ clock }).start();
    const { client, connectionId } = await app.connectWithId();
    client.socket.pause();
    let isDelivered = true;
    for (let messages = 0; isDelivered && messages < 1_000; messages++) {
      isDelivered = await app.manager.sendToConnection(connectionId, 'x'.repeat(100_000));
      if (isDelivered) await clock.advance(60_000);
    }
    expect(isDelivered).toBe(false);
    expect((await scrape(app.port))['websocket_slow_consumers_total']).toBe(1);
    client.socket.terminate();
  });

  it('get no label from a client, whatever routes it asks for', async () => {
    const app = await measured()
      .gateway({ routes: ['chat', '$default'], routeResponses: ['chat'] })
      .on('websocket.message', () => undefined)
      .on('websocket.chat', () => 'ok')
      .start();
    const client = await app.connect({ headers: { 'User-Agent': 'evil"} 1 fake_metric 1' } });
    const hostile = ['$connect', '$disconnect', '__proto__', 'constructor', 'a"}\n', 'ä', ''];
    const actions = [...hostile, ...Array.from({ length: 300 }, (_, index) => `route-${index}`)];
    for (const action of actions) client.send({ action });
    client.send({ action: 'chat' });
    expect(await client.next()).toBe('"ok"');
    await client.close(4_999);
    const series = await scrape(app.port);
    const labels = Object.keys(series).flatMap((key) =>
      [...key.matchAll(/(\w+)="([^"]*)"/g)].map(([, ...pair]) => pair),
    );
    expect([...new Set(labels.filter(([name]) => name === 'route').map(([, value]) => value))].sort()).toEqual([
      '$default',
      'chat',
    ]);
    expect(new Set(labels.map(([name]) => name)).size).toBeLessThanOrEqual(7);
    expect(Object.keys(series).join()).not.toMatch(/evil|fake|route-1|proto/);
  });
});

describe('the metrics of an application', () => {
  it('count what a debugging log tells of', async () => {
    const log = new LogCapture();
    const app = await measured()
      .with({ logging: { debug: true } })
      .gateway({ maxBufferedBytes: 1_000 })
      .start();
    app.app.useLogger(log);
    const { client, connectionId } = await app.connectWithId();
    client.send('no route at all');
    await client.next();
    expect(await GatewayClient.start(app.url, { headers: { 'Sec-WebSocket-Protocol': 'a,a' } }).refused()).toBe(400);
    client.socket.pause();
    while (await app.manager.sendToConnection(connectionId, 'x'.repeat(100_000)));
    client.socket.terminate();
    while ((await scrape(app.port))['websocket_connections'] !== 0);
    const series = await scrape(app.port);
    expect(log.codes().filter((code) => !code.endsWith('.handled'))).toEqual([
      'connection.opened',
      'message.unrouted',
      'handshake.refused',
      'connection.slow',
      'connection.closed',
    ]);
    expect(series).toMatchObject({
      'websocket_handshakes_total{result="accepted",status="101"}': 1,
      'websocket_handshakes_total{result="refused",status="400"}': 1,
      'websocket_messages_received_total{route="other",result="unrouted"}': 1,
      websocket_received_bytes_total: 15,
      websocket_slow_consumers_total: 1,
      'websocket_disconnects_total{by="nobody",code="lost"}': 1,
    });
    expect(series['websocket_sent_bytes_total']).toBeGreaterThan(100_000);
  });

  it('need prom-client or a registry, and a start without says so', async () => {
    const tallies = { gateway: new GatewayTally(), deliveries: new DeliveryTally() };
    const missing = Object.assign(new Error('not found'), { code: 'ERR_MODULE_NOT_FOUND' });
    const options = { prefix: '', registry: null };
    await expect(MetricsRegistration.prepare(options, tallies, () => Promise.reject(missing))).rejects.toThrow(
      'npm install prom-client@15',
    );
    await expect(
      MetricsRegistration.prepare(options, tallies, () => Promise.reject(new Error('broken'))),
    ).rejects.toThrow('broken');
  });

  it('are not registered unless it asks for them', async () => {
    await startApplication({ options: { metrics: false } });
    const { get } = await startApplication();
    expect(register.getMetricsAsArray()).toEqual([]);
    // Nothing is called on the way of a message.
    expect(get(Telemetry).gateway).toBeNull();
  });

  it('go into the default registry, under names that do not change, until it closes', async () => {
    await startApplication({ options: { metrics: true } });
    const names = METRICS.map(({ name }) => name);
    expect(register.getMetricsAsArray().map(({ name }) => name)).toEqual(names);
    await stopApplications();
    expect(register.getMetricsAsArray()).toEqual([]);
    await startApplication({ options: { metrics: true } });
    expect(register.getMetricsAsArray()).toHaveLength(names.length);
  });

  it('leave alone what others put into the registry', async () => {
    await startApplication({ options: { metrics: { registry } } });
    registry.clear();
    const other = new Registry();
    const { app } = await startApplication({ options: { metrics: { registry: other } } });
    registry.registerMetric(other.getSingleMetric('websocket_connections')!);
    await stopApplications();
    expect(app).toBeDefined();
    expect(registry.getMetricsAsArray()).toHaveLength(1);
  });

  it('stop a start when their names are taken, and say what to do', async () => {
    await startApplication({ options: { metrics: { registry } } });
    const second = startApplication({ options: { metrics: { registry } } });
    await expect(second).rejects.toThrow(InvalidOptionsError);
    await expect(second).rejects.toThrow('"metrics.prefix"');
    await startApplication({ options: { metrics: { registry, prefix: 'chat_' } } });
    expect(registry.getMetricsAsArray().map(({ name }) => name)).toContain('chat_websocket_connections');
  });

  it('are left nowhere by a start that fails, whatever it fails of, so that the next one works', async () => {
    const options = { metrics: { registry } };
    const broken = { provide: 'broken', useFactory: () => Promise.reject(new Error('no database')) };
    await expect(startApplication({ options, providers: [broken] })).rejects.toThrow('no database');
    const { port } = await gatewayApp().start();
    const taken = gatewayApp().with(options).gateway({ port });
    await expect(taken.start()).rejects.toMatchObject({ code: 'EADDRINUSE' });
    expect(registry.getMetricsAsArray()).toEqual([]);
    await startApplication({ options });
    expect(registry.getMetricsAsArray()).toHaveLength(METRICS.length);
  });

  it('are read by a registry that speaks OpenMetrics, and can be joined with those of other processes', async () => {
    const open = new Registry<OpenMetricsContentType>();
    open.setContentType('application/openmetrics-text; version=1.0.0; charset=utf-8');
    await startApplication({ options: { metrics: { registry: open } } });
    const text = await open.metrics();
    expect(text).toContain('# TYPE websocket_handshakes counter');
    expect(text).toContain('websocket_handshakes_total{result="accepted",status="101"} 0');
    expect(text.trimEnd().endsWith('# EOF')).toBe(true);
    await startApplication({ options: { metrics: { registry } } });
    registry.setDefaultLabels({ process: 'a' });
    registry.resetMetrics();
    expect(seriesOf(await Registry.merge([registry]).metrics())).toHaveProperty('websocket_connections');
    expect(seriesOf(await registry.metrics())['websocket_connections{process="a"}']).toBe(0);
    expect((await registry.getMetricsAsJSON()).map(({ name }) => name)).toEqual(METRICS.map(({ name }) => name));
  });

  it.each([
    { metrics: 'yes', problem: 'an object' },
    { metrics: { prefix: '9' }, problem: '"metrics.prefix"' },
    { metrics: { prefix: 'a-b' }, problem: '"metrics.prefix"' },
    { metrics: { registry: {} }, problem: '"metrics.registry"' },
    { metrics: { perUser: true }, problem: 'metrics.perUser' },
  ])('cannot be asked for with $metrics', async ({ metrics, problem }) => {
    await expect(startApplication({ options: { metrics } as object })).rejects.toThrow(problem);
  });
});

describe('the documentation', () => {
  const rows = tableRows(readText('docs/guides/operations.md')).filter(([name]) => name?.startsWith('`websocket_'));

  it('has every metric with its type and its labels, and no other', () => {
    expect(rows.map(([name, type, labels]) => [codeIn(name ?? '')[0], type, codeIn(labels ?? '')])).toEqual(
      METRICS.map(({ name, type, labels }) => [name, type, labels]),
    );
  });
});
