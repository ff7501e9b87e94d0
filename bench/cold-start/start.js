import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import process from 'node:process';
import { fileURLToPath, URL } from 'node:url';
import { promisify } from 'node:util';

const FIRST_EVENT = fileURLToPath(new URL('first-event.js', import.meta.url));
const EVENT = new URL('../../test/fixtures/events/message-default.json', import.meta.url);

const event = JSON.stringify({ ...JSON.parse(readFileSync(EVENT, 'utf8')), body: '{"text":"hello"}' });

/** Starts a process that answers one event with a handler, and resolves what that took. */
export async function start(node, file, environment) {
  const startedAt = performance.now();
  const { stdout } = await promisify(execFile)(node, [FIRST_EVENT, file, event], {
    env: {
      PATH: process.env.PATH,
      AWS_LAMBDA_FUNCTION_NAME: 'cold-start',
      AWS_REGION: 'eu-west-1',
      AWS_ACCESS_KEY_ID: 'AKIAEXAMPLE',
      AWS_SECRET_ACCESS_KEY: 'example-secret',
      ...environment,
    },
  });
  const elapsedMs = performance.now() - startedAt;
  const { statusCode, ...figures } = JSON.parse(stdout.slice(stdout.lastIndexOf('\n') + 1));
  if (statusCode !== 200) throw new Error(`${file} answered ${statusCode}.`);
  return { ...figures, elapsedMs };
}
