import { MAX_DELAY_MS } from '../contracts/clock.js';
import type { ClusterOptions } from './cluster.options.js';
import type { EnvironmentReader } from './environment.reader.js';
import { OptionsReader } from './options.reader.js';

/** The options of the cluster with every default in place. */
export type ResolvedClusterOptions = Required<ClusterOptions>;

/** What a process without a gateway goes by, too. */
export const CLUSTER_DEFAULTS: ResolvedClusterOptions = Object.freeze({ leaseMs: 15_000, answerTimeoutMs: 2_000 });

/** A lease of less would run out while the event loop is busy. */
const MIN_LEASE_MS = 500;

/** @returns `null` when the gateway is to know of no others: off is stronger than on, whether the option says so or WEBSOCKET_CLUSTER */
export function resolveClusterOptions(read: OptionsReader, env: EnvironmentReader): ResolvedClusterOptions | null {
  const isEnabled = env.switch('WEBSOCKET_CLUSTER');
  const value = read.take('cluster');
  if (value === false || isEnabled === false) return null;
  const section = read.section('cluster') ?? new OptionsReader({});
  const resolved = {
    leaseMs: section.wholeNumber('leaseMs', MIN_LEASE_MS, CLUSTER_DEFAULTS.leaseMs, MAX_DELAY_MS),
    answerTimeoutMs: section.wholeNumber('answerTimeoutMs', 1, CLUSTER_DEFAULTS.answerTimeoutMs, MAX_DELAY_MS),
  };
  section.refuseUnknown();
  return Object.freeze(resolved);
}
