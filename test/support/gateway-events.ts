import { readdirSync, readFileSync } from 'node:fs';

const DIRECTORY = new URL('../fixtures/events/', import.meta.url);

/** The names of the golden event files, without `.json`. */
export const goldenEventNames: readonly string[] = readdirSync(DIRECTORY)
  .filter((file) => file.endsWith('.json'))
  .map((file) => file.replace('.json', ''));

/** One of API Gateway's own events. */
export interface GoldenEvent {
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly requestContext: {
    readonly [key: string]: unknown;
    readonly connectionId: string;
    readonly eventType: 'CONNECT' | 'MESSAGE' | 'DISCONNECT';
    readonly routeKey: string;
  };
}

export function goldenEvent(name: string): GoldenEvent {
  return JSON.parse(readFileSync(new URL(`${name}.json`, DIRECTORY), 'utf8')) as GoldenEvent;
}

/** Every path in a JSON value with the type of what is there, e.g. `requestContext.stage: string`, sorted. */
export function shapeOf(value: unknown, path = ''): string[] {
  if (typeof value !== 'object' || value === null) return [`${path}: ${value === null ? 'null' : typeof value}`];
  if (Object.keys(value).length === 0) return [`${path}: empty`];
  if (Array.isArray(value)) return [...new Set(value.flatMap((item) => shapeOf(item, `${path}[]`)))];
  const entries = Object.entries(value);
  return entries.flatMap(([key, item]) => shapeOf(item, path === '' ? key : `${path}.${key}`)).sort();
}
