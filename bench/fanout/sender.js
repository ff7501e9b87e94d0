// A process that sends: it prepares one arm, and measures each round that it is asked for.
import { setImmediate } from 'node:timers/promises';
import { performance } from 'node:perf_hooks';
import process from 'node:process';
import { answerEach } from './answers.js';
import { arms } from './arms/arms.js';
import { payloadOf } from './payload.js';

const { arm, sizeBytes, ...setup } = JSON.parse(process.argv[2]);
const sender = await arms[arm]({ ...setup, payload: payloadOf(sizeBytes) });

/** The most resident memory while a task lasts, looked at often enough for a task of some 100 ms. */
async function peakRss(task) {
  let peak = process.memoryUsage.rss();
  const timer = globalThis.setInterval(() => (peak = Math.max(peak, process.memoryUsage.rss())), 5);
  try {
    return { result: await task(), peak: Math.max(peak, process.memoryUsage.rss()) };
  } finally {
    globalThis.clearInterval(timer);
  }
}

async function round({ count, isCollected }) {
  await sender.prepare?.(count);
  // A collection makes V8 forget some of what it has optimised, so only a round that memory is judged by begins with one.
  if (isCollected) globalThis.gc();
  await setImmediate();
  const rss = process.memoryUsage.rss();
  const [start, cpu] = [performance.now(), process.cpuUsage()];
  const { result: delivered, peak } = await peakRss(() => sender.send(count));
  const [elapsedMs, { user, system }] = [performance.now() - start, process.cpuUsage(cpu)];
  return {
    delivered,
    elapsedMs,
    cpuMs: (user + system) / 1_000,
    rate: (count / elapsedMs) * 1_000,
    cpuUs: (user + system) / count,
    growthMb: (peak - rss) / 2 ** 20,
    peakMb: peak / 2 ** 20,
  };
}

answerEach(round, { ready: true });
