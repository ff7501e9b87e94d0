// Writes the URL of every module that the process loads to the file named by the last argument. `node --import` runs it first.
import { appendFileSync } from 'node:fs';
import { createRequire, register } from 'node:module';
import process from 'node:process';
import { pathToFileURL } from 'node:url';

const log = process.argv.at(-1);
register('./load-recorder.hooks.mjs', import.meta.url, { data: { log } });

// The hooks do not see what CommonJS modules require on the way; the cache of require does.
process.on('exit', () => {
  const required = Object.keys(createRequire(import.meta.url).cache).map((path) => pathToFileURL(path).href);
  appendFileSync(log, required.join('\n'));
});
