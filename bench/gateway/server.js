// A process that serves: it starts one arm, and measures what it is asked to do.
import { setImmediate, setTimeout } from 'node:timers/promises';
import { performance } from 'node:perf_hooks';
import process from 'node:process';
import { startArm } from './arms/arms.js';
import { payloadOf } from './payload.js';

const { arm, ...setup } = JSON.parse(process.argv[2]);
const { server, path, calls, ready, hello, frames, wrap = JSON.stringify } = await startArm(arm, setup);
const sockets = new Set();
server.on('connection', (socket) => {
  sockets.add(socket);
  socket.once('close', () => sockets.delete(socket));
});
const written = () => [...sockets].reduce((sum, { bytesWritten }) => sum + bytesWritten, 0);
const isDrained = () => [...sockets].every(({ writableLength }) => writableLength === 0);
const cpuUsOf = ({ user, system }) => user + system;

/** The longest time for which a timer of 1 ms waited while the task ran. */
async function longestStall(task) {
  let [last, longest] = [performance.now(), 0];
  const look = () => {
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
  };
  const timer = globalThis.setInterval(look, 1);
  await setTimeout(5);
  longest = 0;
  await task();
  await setTimeout(2);
  look();
  globalThis.clearInterval(timer);
  return longest;
}

const questions = {
  /** One message to everyone: the CPU until the last byte is with the system, and how many bytes that were. */
  async send({ call, sizeBytes }) {
    const data = payloadOf(sizeBytes);
    const before = written();
    await setImmediate();
    const [start, cpu] = [performance.now(), process.cpuUsage()];
    await calls[call]({ data });
    await setImmediate();
    let figures = { cpuUs: cpuUsOf(process.cpuUsage(cpu)), elapsedMs: performance.now() - start };
    while (!isDrained()) {
      await setTimeout(1);
      figures = { cpuUs: cpuUsOf(process.cpuUsage(cpu)), elapsedMs: performance.now() - start };
    }
    return { ...figures, bytes: written() - before };
  },

  async stall({ call, sizeBytes }) {
    const data = payloadOf(sizeBytes);
    const before = written();
    const stallMs = await longestStall(() => calls[call]({ data }));
    while (!isDrained()) await setTimeout(1);
    return { stallMs, bytes: written() - before };
  },

  /** Resident memory once there is nothing left to collect. */
  async memory() {
    for (let round = 0; round < 4; round++) {
      globalThis.gc();
      await setTimeout(100);
    }
    return { rss: process.memoryUsage.rss(), heapUsed: process.memoryUsage().heapUsed };
  },

  async cpu() {
    return { cpuUs: cpuUsOf(process.cpuUsage()) };
  },

  /** Resolves when so many can be sent to. */
  async ready({ count }) {
    while ((await ready()) !== count) await setTimeout(5);
    return {};
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
process.send({ port: server.address().port, path, hello, frames, echo: wrap(payloadOf(200)) });
