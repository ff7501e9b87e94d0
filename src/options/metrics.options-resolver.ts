import type { MetricsRegistry } from './metrics.options.js';
import { OptionsReader } from './options.reader.js';

/** The options of the metrics with every default in place and every value checked. */
export interface ResolvedMetricsOptions {
  readonly prefix: string;
  /** `null` takes the default registry of `prom-client`. */
  readonly registry: MetricsRegistry | null;
}

const DEFAULTS = Object.freeze({ prefix: '' });

/** What a name may start with in Prometheus's data model. */
const PREFIX = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;

/**
 * @param read the options of the module
 * @returns `null` when there are to be no metrics
 * @throws InvalidOptionsError naming the option that cannot be used
 */
export function resolveMetricsOptions(read: OptionsReader): ResolvedMetricsOptions | null {
  const given = read.take('metrics');
  if (given === undefined || given === false) return null;
  if (given === true) return { ...DEFAULTS, registry: null };
  const metrics = new OptionsReader(given as Record<string, unknown>, 'metrics');
  const prefix = metrics.text('prefix', DEFAULTS.prefix);
  if (prefix !== '' && !PREFIX.test(prefix)) {
    throw metrics.unexpected('prefix', 'letters, digits, "_" and ":", no digit first', prefix);
  }
  const registry = metrics.object<MetricsRegistry>('registry', 'a Registry of prom-client', [
    'registerMetric',
    'getSingleMetric',
    'removeSingleMetric',
  ]);
  metrics.refuseUnknown();
  return { prefix, registry };
}
