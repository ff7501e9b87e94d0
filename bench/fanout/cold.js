import { OURS, SDK, TRANSPORT } from './arms/arms.js';
import { Samples } from '../state/samples.js';
import { SenderProcess } from './sender-process.js';

export const COLD_SENDS = 1_000;
const DELAY_MS = 30;
export const COLD_SDK = [32, 64, 128].map((concurrency) => ({
  arm: SDK,
  concurrency,
  name: `SDK, ${concurrency} at once`,
}));
const COLD_OURS = [OURS, TRANSPORT].map((arm) => ({ arm, name: arm }));

/** The first broadcast of a process: over TLS, without a connection yet and with code that has never run. */
export async function measureCold(server, certificate, rounds) {
  const samples = new Samples();
  await server.configure({ delayMs: DELAY_MS });
  for (let round = 0; round < rounds; round++) {
    for (const { name, ...setup } of [...COLD_SDK, ...COLD_OURS]) {
      const sender = await SenderProcess.start({ ...setup, sizeBytes: 200, endpoint: server.endpoint, certificate });
      samples.add(name, COLD_SENDS, round, await server.during(() => sender.round(COLD_SENDS)));
      await sender.stop();
    }
  }
  return samples;
}
