// A process that is one node: it starts one arm, and measures itself.
import process from 'node:process';
import { gaugesOf } from '../gateway/gauges.js';
import { payloadOf } from '../gateway/payload.js';
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

  async profile({ file }) {
    const { Session } = await import('node:inspector/promises');
    if (file === undefined) {
      globalThis.profiler = new Session();
      globalThis.profiler.connect();
      await globalThis.profiler.post('Profiler.enable');
      await globalThis.profiler.post('Profiler.start');
      return {};
    }
    const { profile } = await globalThis.profiler.post('Profiler.stop');
    (await import('node:fs')).writeFileSync(file, JSON.stringify(profile));
    return {};
  },
};

process.on('message', ({ ask, ...details }) => {
  questions[ask](details).then(
    (answer) => process.send(answer),
    (error) => process.send({ error: error.stack }),
  );
});
process.on('disconnect', () => process.exit());
process.send({ port: server.address().port, path, hello, frames, kindAt });
