import type { ResolvedWebSocketOptions } from '../../websocket.options-resolver.js';
import type { RunningSystem } from '../running.system.js';
import { checkCluster } from './cluster.check.js';
import { compareClocks } from './clock.comparison.js';
import { checkConfiguration } from './configuration.check.js';
import { checkCredentials } from './credentials.check.js';
import { checkEndpoint } from './endpoint.check.js';
import { skipped, type Finding } from './finding.js';
import { checkGateway } from './gateway.check.js';
import { checkRedis } from './redis.check.js';
import { checkStore } from './store.check.js';

/** The `Date` header tells whole seconds. */
const DATE_RESOLUTION_MS = 1_000;

/** How long a place that credentials may come from has to answer. */
const CREDENTIALS_WITHIN_MS = 5_000;

/**
 * Looks at everything, one thing after another, and tells what it finds as it comes.
 *
 * @param options the configuration with its gateway, which the system that does the looking is without
 * @param source what the configuration was read from
 */
export async function* examine(
  system: RunningSystem,
  options: ResolvedWebSocketOptions,
  source: string,
): AsyncIterable<Finding> {
  yield* checkConfiguration(options, source);
  const { credentials, finding } = await checkCredentials(options, CREDENTIALS_WITHIN_MS);
  yield finding;
  const { findings, answer } = await checkEndpoint(options, credentials);
  yield* findings;
  const ofStore = await checkStore(system);
  yield* ofStore;
  const isUp = ofStore.every(({ status }) => status !== 'problem');
  const { redis } = options;
  const ofRedis = isUp && redis !== null && 'url' in redis ? await checkRedis(redis.url, options.storeTimeoutMs) : [];
  yield* ofRedis;
  if (answer !== null && answer.date !== null) {
    const { date: time, askedAt, answeredAt } = answer;
    yield compareClocks({ of: 'that of the endpoint', time, resolutionMs: DATE_RESOLUTION_MS, askedAt, answeredAt });
  } else if (!ofRedis.some(({ check }) => check === 'clock')) {
    yield skipped('clock', 'Nothing that could be reached tells the time.');
  }
  yield* await checkGateway(options.gateway, options.requestTimeoutMs);
  if (isUp) yield await checkCluster(system);
}
