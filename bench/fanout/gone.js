import { BOUNDED, OURS, TRANSPORT } from './arms/arms.js';
import { Samples } from '../state/samples.js';
import { SenderProcess } from './sender-process.js';

const COUNTS = { [BOUNDED]: 1_500 };

/** A 410 after a 200 after a 410, in one process for each arm. Ours removes the connections, too, before the call ends. */
export async function measureGone(server, rounds, sends) {
  const samples = new Samples();
  for (const arm of [BOUNDED, TRANSPORT, OURS]) {
    const count = Math.min(sends, COUNTS[arm] ?? sends);
    const sender = await SenderProcess.start({ arm, sizeBytes: 200, endpoint: server.endpoint });
    for (let round = -3; round < rounds; round++) {
      for (const status of [200, 410]) {
        await server.configure({ status });
        const figures = await sender.round(count);
        if (figures.delivered !== (status === 200 ? count : 0)) throw new Error(`${arm} did not notice ${status}.`);
        samples.add(arm, status, round, figures);
      }
    }
    await sender.stop();
  }
  return samples;
}
