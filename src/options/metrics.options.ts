/** Where metrics are registered: a `Registry` of `prom-client` 15. */
export interface MetricsRegistry {
  registerMetric(metric: unknown): void;
  getSingleMetric(name: string): unknown;
  removeSingleMetric(name: string): void;
}

/** Metrics for Prometheus. */
export interface MetricsOptions {
  /** What the names of the metrics start with, e.g. `chat_` for `chat_websocket_connections`. @default '' */
  readonly prefix?: string;

  /** Where to register them. @default the default registry of `prom-client` */
  readonly registry?: MetricsRegistry;
}
