// Lets a process of its own run the source as it is: node --import ./test/support/typescript.loader.js program.ts
import { register } from 'node:module';
import { fileURLToPath } from 'node:url';
import { isMainThread } from 'node:worker_threads';
import { transformFile } from '@swc/core';
import { SWC_OPTIONS } from './swc.options.js';

// Node loads this file again, in a thread of its own, for the hooks below.
if (isMainThread) register(import.meta.url);

const OPTIONS = { ...SWC_OPTIONS, swcrc: false };

/** The source imports its files by the names that they have once compiled. */
export function resolve(specifier, context, next) {
  const isSource = specifier.startsWith('.') && context.parentURL?.endsWith('.ts') === true;
  return next(isSource ? specifier.replace(/\.js$/, '.ts') : specifier, context);
}

export async function load(url, context, next) {
  if (!url.endsWith('.ts')) return next(url, context);
  const { code } = await transformFile(fileURLToPath(url), OPTIONS);
  return { format: 'module', source: code, shortCircuit: true };
}
