// Loaded into serverless-offline before it starts, and into each thread of it: tells what it spends.
import process from 'node:process';
import { BroadcastChannel, isMainThread } from 'node:worker_threads';
import { cpuUsOfProcess, memoryOfProcess, StallWatch } from '../gauges.js';

const collect = new BroadcastChannel('collect');
collect.onmessage = () => globalThis.gc();
collect.unref();

let watch;
const questions = {
  cpu: () => ({ cpuUs: cpuUsOfProcess() }),
  memory: () =>
    memoryOfProcess(() => {
      collect.postMessage('now');
      globalThis.gc();
    }),
  async watch() {
    watch = new StallWatch();
    await watch.settle();
    return {};
  },
  stall: async () => ({ stallMs: await watch.end() }),
};

if (isMainThread) {
  process.on('message', async ({ ask }) => process.send(await questions[ask]()));
  process.on('disconnect', () => process.exit());
  process.send({ loaded: true });
}
