import { count, decimal, table } from '../state/table.js';
import { ARMS, DEPENDENCIES, ESM, SDK } from './arms.js';

/** What each handler takes in each form until its first event is answered. */
export function armsTable(samples, forms) {
  const names = new Set(ARMS.map(({ name }) => name));
  const rows = forms
    .filter(({ name }) => names.has(name))
    .map(({ name, form, bytes }) => {
      const of = (figure) => decimal(samples.median(name, form, figure), 0);
      return [
        `${name}, ${form}`,
        Number.isFinite(bytes) ? count(bytes / 1_000) : '–',
        ...['elapsedMs', 'loadedMs', 'answeredMs', 'cpuMs', 'memoryMb'].map(of),
        samples.has(SDK, form) ? decimal(samples.ratioOf(name, SDK, 'elapsedMs', form), 2) : '–',
        samples.has(SDK, form) ? decimal(samples.ratioOf(name, SDK, 'cpuMs', form), 2) : '–',
      ];
    });
  return table(
    ['Handler', 'KB', 'Process ms', 'Loaded ms', 'Answered ms', 'CPU ms', 'Memory MB', 'Time against bare', 'CPU'],
    rows,
  );
}

/** What it costs to load each dependency by itself, beyond an empty function. */
export function dependenciesTable(samples, forms, base) {
  const rows = forms
    .filter(({ name }) => DEPENDENCIES.includes(name))
    .map(({ name, bytes }) => {
      const beyond = (figure) => decimal(samples.median(name, ESM, figure) - base(figure));
      return [`\`${name}\``, count(bytes / 1_000), ...['loadedMs', 'cpuMs', 'memoryMb'].map(beyond)];
    });
  return table(['Package, with all that it loads', 'KB', 'Loaded ms', 'CPU ms', 'Memory MB'], rows);
}
