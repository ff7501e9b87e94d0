import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import process from 'node:process';
import { forEachIndex } from './population.js';

const IN_FLIGHT = 64;

/**
 * What each of `count` calls takes one after another: p50 and p99 in ms, CPU in µs, and how often the server was asked.
 */
export async function oneCaller(server, count, call) {
  const redisCpu = await server.cpuUs();
  const reads = await server.reads();
  const durations = [];
  const cpu = process.cpuUsage();
  for (let index = 0; index < count; index++) {
    const start = performance.now();
    await call(index);
    durations.push(performance.now() - start);
  }
  const { user, system } = process.cpuUsage(cpu);
  return {
    p50: quantile(durations, 0.5),
    p99: quantile(durations, 0.99),
    clientCpu: (user + system) / count,
    // One of the reads is this question.
    roundTrips: ((await server.reads()) - reads - 1) / count,
    redisCpu: ((await server.cpuUs()) - redisCpu) / count,
  };
}

/** What each of `count` calls costs with 64 in flight: calls per second, µs of CPU, µs in scripts, the longest turn of the event loop in ms. */
export async function inFlight(server, count, call) {
  const script = await server.scriptUs();
  const redisCpu = await server.cpuUs();
  const loop = monitorEventLoopDelay({ resolution: 1 });
  loop.enable();
  const [start, cpu] = [performance.now(), process.cpuUsage()];
  await forEachIndex(count, IN_FLIGHT, call);
  const [elapsed, { user, system }] = [performance.now() - start, process.cpuUsage(cpu)];
  loop.disable();
  return {
    rate: (count / elapsed) * 1_000,
    clientCpu: (user + system) / count,
    redisCpu: ((await server.cpuUs()) - redisCpu) / count,
    script: ((await server.scriptUs()) - script) / count,
    loopDelay: loop.max / 1e6,
  };
}

export function quantile(numbers, share) {
  const sorted = numbers.toSorted((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) * share)];
}

export const median = (numbers) => quantile(numbers, 0.5);

/** The median of each figure over many samples of the same figures. */
export function medians(samples) {
  const names = [...new Set(samples.flatMap((sample) => Object.keys(sample)))];
  return Object.fromEntries(
    names.map((name) => [name, median(samples.flatMap((sample) => (name in sample ? [sample[name]] : [])))]),
  );
}
