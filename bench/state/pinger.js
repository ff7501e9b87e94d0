import { performance } from 'node:perf_hooks';
import process from 'node:process';
import { setTimeout as pause } from 'node:timers/promises';
import { createClient } from '@redis/client';

// Another client: a process of its own that asks PING again and again, and tells how long the slowest took since it was last asked.
const client = await createClient({ url: process.argv[2] }).connect();
let longest = 0;
process.on('message', () => {
  process.send(longest);
  longest = 0;
});
process.on('disconnect', () => process.exit());
process.send(0);
for (;;) {
  const start = performance.now();
  await client.ping();
  longest = Math.max(longest, performance.now() - start);
  await pause(1);
}
