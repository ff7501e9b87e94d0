import { writeFileSync } from 'node:fs';

let session = null;

/** Takes a CPU profile of this process: begins one when it is called without a file, and writes it when it is called with one. */
export async function profile({ file }) {
  if (file === undefined) {
    const { Session } = await import('node:inspector/promises');
    session = new Session();
    session.connect();
    await session.post('Profiler.enable');
    await session.post('Profiler.start');
    return {};
  }
  writeFileSync(file, JSON.stringify((await session.post('Profiler.stop')).profile));
  return {};
}
