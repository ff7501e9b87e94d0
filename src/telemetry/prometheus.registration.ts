import { InvalidOptionsError } from '../errors/invalid-options.error.js';
import type { ResolvedMetricsOptions } from '../options/metrics.options-resolver.js';
import type { MetricsRegistry } from '../options/metrics.options.js';
import { METRICS, type Tallies } from './prometheus.metrics.js';
import { ScrapedMetric } from './scraped.metric.js';

/** The metrics of an application in a registry, from when it has started until it closes. */
export class MetricsRegistration {
  /** A registry that speaks OpenMetrics renames them. */
  private readonly names: readonly string[];

  private constructor(
    private readonly registry: MetricsRegistry,
    private readonly metrics: readonly ScrapedMetric[],
  ) {
    this.names = metrics.map(({ name }) => name);
  }

  /**
   * Prepares the metrics, for the default registry of `prom-client` unless the options have another. Nothing is registered yet: of an application whose
   * start fails nobody would ever take them out again.
   *
   * @param load how to load `prom-client`, where the options have no registry
   * @throws InvalidOptionsError when `prom-client` is not installed, or a name is taken
   */
  static async prepare(
    { prefix, registry: given }: ResolvedMetricsOptions,
    tallies: Tallies,
    load: () => Promise<{ readonly register: MetricsRegistry }> = () => import('prom-client'),
  ): Promise<MetricsRegistration> {
    const registry = given ?? (await defaultRegistry(load));
    const metrics = METRICS.map(
      (definition) =>
        new ScrapedMetric({ ...definition, name: prefix + definition.name }, (name) => definition.read(tallies, name)),
    );
    const registration = new MetricsRegistration(registry, metrics);
    registration.requireNames();
    return registration;
  }

  /** @throws InvalidOptionsError when a name was taken meanwhile */
  register(): void {
    this.requireNames();
    for (const metric of this.metrics) this.registry.registerMetric(metric);
  }

  /** Takes out what is still there. */
  remove(): void {
    const { registry, metrics } = this;
    // Somebody may have cleared the registry meanwhile, and put in others.
    for (const [index, name] of this.names.entries())
      if (registry.getSingleMetric(name) === metrics[index]) registry.removeSingleMetric(name);
  }

  private requireNames(): void {
    const taken = this.names.find((name) => this.registry.getSingleMetric(name) !== undefined);
    if (taken === undefined) return;
    throw new InvalidOptionsError(
      'metrics',
      `The metric ${taken} is registered already, perhaps by another application in this process: give each a "metrics.prefix" or a ` +
        '"metrics.registry" of its own.',
    );
  }
}

async function defaultRegistry(load: () => Promise<{ readonly register: MetricsRegistry }>): Promise<MetricsRegistry> {
  try {
    return (await load()).register;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw cause;
    throw new InvalidOptionsError(
      'metrics',
      'The option "metrics" needs a package, or a "metrics.registry": npm install prom-client@15',
      { cause },
    );
  }
}
