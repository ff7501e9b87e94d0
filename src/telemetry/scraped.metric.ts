/** One number of a metric, as `prom-client` shows it. */
export interface Sample {
  readonly labels: Readonly<Record<string, string | number>>;
  readonly value: number;
  /** Where it is not the metric's own: `…_bucket`, `…_sum`, `…_count`. */
  readonly metricName?: string;
}

export type MetricType = 'counter' | 'gauge' | 'histogram';

/** What there is to know of a metric but its numbers. */
export interface MetricDescription {
  readonly name: string;
  readonly type: MetricType;
  readonly help: string;
}

/**
 * A metric whose numbers are read when somebody asks for them, in the form in which a registry of `prom-client` asks. Counting with the metrics of
 * `prom-client` themselves would cost a lookup by labels for every message.
 */
export class ScrapedMetric {
  /** A registry that speaks OpenMetrics takes `_total` off it. */
  name: string;
  readonly type: MetricType;
  readonly help: string;
  /** How the processes of one cluster add up. */
  readonly aggregator = 'sum';

  constructor(
    { name, type, help }: MetricDescription,
    private readonly read: (name: string) => Sample[],
  ) {
    this.name = name;
    this.type = type;
    this.help = help;
  }

  async get(): Promise<MetricDescription & { readonly values: Sample[]; readonly aggregator: string }> {
    const { name, type, help, aggregator } = this;
    return { name, type, help, aggregator, values: this.read(name) };
  }

  /** Does nothing: the numbers are not the registry's. */
  reset(): void {
    // A counter that went back to zero while the process goes on would look like a restart.
  }
}
