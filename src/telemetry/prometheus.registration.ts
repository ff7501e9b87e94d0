import { InvalidOptionsError } from '../errors/invalid-options.error.js';
import type { ResolvedMetricsOptions } from '../options/metrics.options-resolver.js';
import type { MetricsRegistry } from '../options/metrics.options.js';
import { METRICS, type Tallies } from './prometheus.metrics.js';
import { ScrapedMetric } from './scraped.metric.js';

/**
 * Registers the metrics, in the default registry of `prom-client` unless the options have another.
 *
 * @param load how to load `prom-client`, where the options have no registry
 * @returns what takes them out again
 * @throws InvalidOptionsError when `prom-client` is not installed, or a name is taken
 */
export async function registerMetrics(
  { prefix, registry: given }: ResolvedMetricsOptions,
  tallies: Tallies,
  load: () => Promise<{ readonly register: MetricsRegistry }> = () => import('prom-client'),
): Promise<() => void> {
  const registry = given ?? (await defaultRegistry(load));
  const metrics = METRICS.map(
    (definition) =>
      new ScrapedMetric({ ...definition, name: prefix + definition.name }, (name) => definition.read(tallies, name)),
  );
  const taken = metrics.find(({ name }) => registry.getSingleMetric(name) !== undefined);
  if (taken !== undefined) {
    throw new InvalidOptionsError(
      'metrics',
      `The metric ${taken.name} is registered already, perhaps by another application in this process: give each a "metrics.prefix" or a ` +
        '"metrics.registry" of its own.',
    );
  }
  for (const metric of metrics) registry.registerMetric(metric);
  const names = metrics.map(({ name }) => name);
  return () => {
    // Somebody may have cleared the registry meanwhile, and put in others.
    for (const [index, name] of names.entries())
      if (registry.getSingleMetric(name) === metrics[index]) registry.removeSingleMetric(name);
  };
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
