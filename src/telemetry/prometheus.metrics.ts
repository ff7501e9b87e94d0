import type { DeliveryStatus } from '../contracts/connection.transport.js';
import type { DeliveryTally } from './delivery.tally.js';
import { MESSAGE_RESULTS, type GatewayTally } from './gateway.tally.js';
import type { LatencyHistogram } from './latency.histogram.js';
import type { MetricDescription, Sample } from './scraped.metric.js';

/** Where the numbers come from. */
export interface Tallies {
  readonly gateway: GatewayTally;
  readonly deliveries: DeliveryTally;
}

/** A metric, and how to read it. */
export interface MetricDefinition extends MetricDescription {
  /** The names of its labels, whose values all come from fixed sets. */
  readonly labels: readonly string[];
  /** @param name the metric's name with its prefix */
  read(tallies: Tallies, name: string): Sample[];
}

/** Every metric of this package. `docs/guides/operations.md` has them as a table. */
export const METRICS: readonly MetricDefinition[] = Object.freeze<MetricDefinition[]>([
  {
    name: 'websocket_connections',
    type: 'gauge',
    help: 'Open connections to the gateway of this process.',
    labels: [],
    read: ({ gateway }) => [{ labels: {}, value: gateway.connections }],
  },
  {
    name: 'websocket_handshakes_total',
    type: 'counter',
    help: 'Handshakes, accepted (status 101) and refused, by status.',
    labels: ['result', 'status'],
    read: ({ gateway }) => [
      { labels: { result: 'accepted', status: '101' }, value: gateway.accepted },
      ...[...gateway.refusals].map(([status, value]) => ({ labels: { result: 'refused', status }, value })),
    ],
  },
  {
    name: 'websocket_disconnects_total',
    type: 'counter',
    help: 'Connections that ended, by who ended them and the class of the close code.',
    labels: ['by', 'code'],
    read: ({ gateway }) =>
      [...gateway.disconnects].flatMap(([by, codes]) =>
        [...codes].map(([code, value]) => ({ labels: { by, code }, value })),
      ),
  },
  {
    name: 'websocket_messages_received_total',
    type: 'counter',
    help: 'Messages from clients, by route and result.',
    labels: ['route', 'result'],
    read: ({ gateway }) =>
      [...gateway.routes].flatMap(([route, { results }]) =>
        MESSAGE_RESULTS.filter((result) => results[result] > 0).map((result) => ({
          labels: { route, result },
          value: results[result],
        })),
      ),
  },
  {
    name: 'websocket_message_handling_seconds',
    type: 'histogram',
    help: 'From when a message from a client was taken up to when its listeners had ended, by route.',
    labels: ['route'],
    read: ({ gateway }, name) =>
      [...gateway.routes].flatMap(([route, { durations }]) => samplesOf(name, { route }, durations)),
  },
  {
    name: 'websocket_received_bytes_total',
    type: 'counter',
    help: 'Bytes of messages from clients, without frames and decompressed.',
    labels: [],
    read: ({ gateway }) => [{ labels: {}, value: gateway.receivedBytes }],
  },
  {
    name: 'websocket_messages_sent_total',
    type: 'counter',
    help: 'Messages to connections of either home that the application sent, by what became of them.',
    labels: ['outcome'],
    read: ({ deliveries }) =>
      outcomesOf(deliveries).map(([outcome, latencies]) => ({ labels: { outcome }, value: countOf(latencies) })),
  },
  {
    name: 'websocket_delivery_seconds',
    type: 'histogram',
    help: 'From the first attempt to deliver a message to a connection to the last answer, by what became of it.',
    labels: ['outcome'],
    read: ({ deliveries }, name) =>
      outcomesOf(deliveries)
        .filter(([, latencies]) => countOf(latencies) > 0)
        .flatMap(([outcome, latencies]) => samplesOf(name, { outcome }, latencies)),
  },
  {
    name: 'websocket_sent_bytes_total',
    type: 'counter',
    help: 'Bytes of messages written to the sockets of this process, whoever sent them, without frames and before compression.',
    labels: [],
    read: ({ gateway }) => [{ labels: {}, value: gateway.sentBytes }],
  },
  {
    name: 'websocket_slow_consumers_total',
    type: 'counter',
    help: 'How often a client had read so little that a message to it was not written.',
    labels: [],
    read: ({ gateway }) => [{ labels: {}, value: gateway.slowConsumers }],
  },
]);

function outcomesOf({ outcomes }: DeliveryTally): [DeliveryStatus, LatencyHistogram][] {
  return Object.entries(outcomes) as [DeliveryStatus, LatencyHistogram][];
}

function countOf(latencies: LatencyHistogram): number {
  return latencies.snapshot().counts.reduce((sum, count) => sum + count, 0);
}

/** The buckets of a histogram, each with those below it, its sum and its count. */
function samplesOf(name: string, labels: Readonly<Record<string, string>>, latencies: LatencyHistogram): Sample[] {
  const { boundsMs, counts, sumMs } = latencies.snapshot();
  let count = 0;
  const buckets = counts.map((inBucket, index) => {
    count += inBucket;
    const boundMs = boundsMs[index];
    return {
      metricName: `${name}_bucket`,
      labels: { le: boundMs === undefined ? '+Inf' : boundMs / 1_000, ...labels },
      value: count,
    };
  });
  return [
    ...buckets,
    { metricName: `${name}_sum`, labels, value: sumMs / 1_000 },
    { metricName: `${name}_count`, labels, value: count },
  ];
}
