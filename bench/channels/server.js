// A process that is one node: it starts one arm, and measures itself.
import process from 'node:process';
import { answerByName } from '../fanout/answers.js';
import { gaugesOf } from '../gateway/gauges.js';
import { payloadOf } from '../gateway/payload.js';
import { profile } from '../gateway/profile.js';
import { startArm } from './arms/arms.js';

const { arm, ...setup } = JSON.parse(process.argv[2]);
const { server, path, hello, frames, kindAt, publish } = await startArm(arm, setup);
const gauges = gaugesOf(server);
let watch = null;
let before = 0;

const questions = {
  /** From here on CPU and stalls count. */
  async begin() {
    watch = gauges.watchStalls();
    await watch.settle();
    before = gauges.cpuUs();
    return {};
  },

  async end() {
    const cpuUs = gauges.cpuUs() - before;
    return { cpuUs, stallMs: await watch.end() };
  },

  memory: () => gauges.memory(),

  /** The application publishes so many messages, all at once; answers where the last one stands. */
  async publish({ channel, times, sizeBytes }) {
    const published = await Promise.all(Array.from({ length: times }, () => publish(channel, payloadOf(sizeBytes))));
    const { epoch } = published[0];
    return { epoch, offset: Math.max(...published.map(({ offset }) => offset)) };
  },

  profile,
};

answerByName(questions, { port: server.address().port, path, hello, frames, kindAt });
