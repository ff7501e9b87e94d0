// Loaded into serverless-offline before it starts: tells what it spends, with every thread of it.
import process from 'node:process';
import { isMainThread } from 'node:worker_threads';
import { cpuUsOfProcess, memoryOfProcess, StallWatch } from '../gauges.js';

let watch;
const questions = {
  cpu: () => ({ cpuUs: cpuUsOfProcess() }),
  /** Resident memory is that of dozens of threads, which differs by hundreds of megabytes: it tells nothing of connections. */
  async memory() {
    const { heapUsed } = await memoryOfProcess();
    return { rss: NaN, heapUsed };
  },
  async watch() {
    watch = new StallWatch();
    await watch.settle();
    return {};
  },
  stall: async () => ({ stallMs: await watch.end() }),
};

// The threads of functions load this, too.
if (isMainThread) {
  process.on('message', async ({ ask }) => process.send(await questions[ask]()));
  process.on('disconnect', () => process.exit());
  process.send({ loaded: true });
}
