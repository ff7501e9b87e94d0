// A process that serves: it starts one arm, and measures what it is asked to do.
import { setImmediate, setTimeout } from 'node:timers/promises';
import { performance } from 'node:perf_hooks';
import process from 'node:process';
import { answerByName } from '../fanout/answers.js';
import { startArm } from './arms/arms.js';
import { gaugesOf } from './gauges.js';
import { payloadOf } from './payload.js';
import { profile } from './profile.js';

const { arm, ...setup } = JSON.parse(process.argv[2]);
const started = await startArm(arm, setup);
const { server, port = server.address().port, path, calls, ready, hello, frames, wrap = JSON.stringify } = started;
const { gauges = gaugesOf(server) } = started;

const questions = {
  /** One message to everyone: the CPU until the last byte is with the system, and how many bytes that were. */
  async send({ call, sizeBytes }) {
    const data = payloadOf(sizeBytes);
    const before = gauges.written();
    await setImmediate();
    const [start, cpu] = [performance.now(), await gauges.cpuUs()];
    const spent = async () => ({ cpuUs: (await gauges.cpuUs()) - cpu, elapsedMs: performance.now() - start });
    await calls[call]({ data });
    await setImmediate();
    let figures = await spent();
    while (!gauges.isDrained()) {
      await setTimeout(1);
      figures = await spent();
    }
    return { ...figures, bytes: gauges.written() - before };
  },

  /** The longest time for which a timer of 1 ms waited meanwhile. */
  async stall({ call, sizeBytes }) {
    const data = payloadOf(sizeBytes);
    const before = gauges.written();
    const watch = gauges.watchStalls();
    await watch.settle();
    await calls[call]({ data });
    const stallMs = await watch.end();
    while (!gauges.isDrained()) await setTimeout(1);
    return { stallMs, bytes: gauges.written() - before };
  },

  /** Resident memory once there is nothing left to collect. */
  memory: () => gauges.memory(),

  async cpu() {
    return { cpuUs: await gauges.cpuUs() };
  },

  /** Resolves when so many can be sent to. */
  async ready({ count }) {
    while ((await ready()) !== count) await setTimeout(5);
    return {};
  },

  profile,
};

answerByName(questions, { port, path, hello, frames, echo: wrap(payloadOf(200)) });
