import { GatewayObserver, type ClosedBy } from '../contracts/gateway.observer.js';
import { LatencyHistogram } from './latency.histogram.js';
import { SERVER_BOUNDS_MS, statusLabel, type CodeClass, classOfCode } from './metric.labels.js';

export const MESSAGE_RESULTS = Object.freeze(['ok', 'refused', 'failed', 'timeout', 'unrouted'] as const);

export type MessageResult = (typeof MESSAGE_RESULTS)[number];

/** The label of messages that took no route, and of all routes past so many that a label for each would do harm. */
const OTHER_ROUTE = 'other';
const MAX_ROUTES = 200;

/** What became of the messages of one route. */
export class RouteTally {
  readonly results: Record<MessageResult, number> = { ok: 0, refused: 0, failed: 0, timeout: 0, unrouted: 0 };
  readonly durations = new LatencyHistogram(SERVER_BOUNDS_MS);
}

/** Counts what happens at the embedded gateway. Additions only: whoever wants the numbers reads them. */
export class GatewayTally extends GatewayObserver {
  connections = 0;
  accepted = 0;
  receivedBytes = 0;
  sentBytes = 0;
  slowConsumers = 0;
  /** By status. */
  readonly refusals = new Map<string, number>();
  /** By who closed and the class of the close code. */
  readonly disconnects = new Map<ClosedBy, Map<CodeClass, number>>();
  readonly routes = new Map<string, RouteTally>();

  refused(status: number): void {
    increment(this.refusals, statusLabel(status));
  }

  opened(): void {
    this.accepted++;
    this.connections++;
  }

  closed(_connectionId: string, by: ClosedBy, code: number): void {
    this.connections--;
    const codes = this.disconnects.get(by) ?? new Map<CodeClass, number>();
    this.disconnects.set(by, codes);
    increment(codes, classOfCode(code));
  }

  received(bytes: number): void {
    this.receivedBytes += bytes;
  }

  handled(_connectionId: string, routeKey: string | null, status: number, durationMs: number): void {
    const route = this.routeOf(routeKey ?? OTHER_ROUTE);
    route.results[routeKey === null ? 'unrouted' : resultOf(status)]++;
    if (routeKey !== null) route.durations.record(Math.max(0, durationMs));
  }

  sent(bytes: number): void {
    this.sentBytes += bytes;
  }

  slowed(): void {
    this.slowConsumers++;
  }

  private routeOf(label: string): RouteTally {
    const known = this.routes.get(label);
    if (known !== undefined) return known;
    if (this.routes.size >= MAX_ROUTES && label !== OTHER_ROUTE) return this.routeOf(OTHER_ROUTE);
    const route = new RouteTally();
    this.routes.set(label, route);
    return route;
  }
}

function resultOf(status: number): MessageResult {
  if (status < 400) return 'ok';
  if (status === 504) return 'timeout';
  return status < 500 ? 'refused' : 'failed';
}

function increment<Key>(counts: Map<Key, number>, key: Key): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
