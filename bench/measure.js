import process from 'node:process';
/** The CPU time, in microseconds, that the process spends on each of `count` events that `run` deals with. */
export async function cpuPerEvent(count, run) {
  const before = process.cpuUsage();
  await run();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / count;
}

export function median(numbers) {
  const sorted = numbers.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}

/** A table row of figures with their spread: the median, and the quartiles around it. */
export function summarise(numbers) {
  const sorted = numbers.toSorted((a, b) => a - b);
  const at = (share) => sorted[Math.floor((sorted.length - 1) * share)].toFixed(2);
  return `${median(numbers).toFixed(2).padStart(7)}  (${at(0.25)} to ${at(0.75)})`;
}
