import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath, URL } from 'node:url';
import { bundle } from '../../sample-app/deploy/bundle.recipe.js';
import { contentsOf } from '../../sample-app/deploy/bundle.contents.js';
import { COMMONJS, UNBUNDLED } from './arms.js';

const ALL = ['dynamodb', 'sqs', 'redis', 'prometheus', 'opentelemetry'];

/** Bundles in a folder of their own, which has no packages above it: what was left out is not found, as on Lambda. */
export class Bundles {
  #folder = mkdtempSync(join(tmpdir(), 'cold-start-'));
  #made = 0;

  constructor() {
    process.once('exit', () => rmSync(this.#folder, { recursive: true, force: true }));
  }

  /** A form of an arm: its file, and how large that is; `NaN` for one that is not bundled. */
  async of({ file, backends = [], http = false, usesSdkOfRuntime = false }, form) {
    const entry = fileURLToPath(new URL(`handlers/${file}`, import.meta.url));
    if (form === UNBUNDLED) return { file: entry, bytes: NaN };
    return this.#bundle({ entry, backends, http, usesSdkOfRuntime, format: form === COMMONJS ? 'cjs' : 'esm' });
  }

  /** A package, and a handler that does nothing. Written here and resolved there, where it is installed. */
  async ofPackage(name) {
    const entry = fileURLToPath(new URL(`handlers/loads-${this.#made}.js`, import.meta.url));
    writeFileSync(
      entry,
      `import * as all from '${name}';\nexport const handler = async () => ({ statusCode: all ? 200 : 0, all });\n`,
    );
    try {
      return await this.#bundle({ entry, backends: ALL, format: 'esm' });
    } finally {
      rmSync(entry);
    }
  }

  async #bundle({ format, ...options }) {
    const file = join(this.#folder, `${this.#made++}.${format === 'cjs' ? 'cjs' : 'mjs'}`);
    const { bytes } = contentsOf(await bundle({ ...options, format, outfile: file }));
    return { file, bytes };
  }
}
