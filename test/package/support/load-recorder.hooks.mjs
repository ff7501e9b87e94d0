import { appendFileSync } from 'node:fs';

let log;

export function initialize(data) {
  log = data.log;
}

export function load(url, context, nextLoad) {
  appendFileSync(log, `${url}\n`);
  return nextLoad(url, context);
}
