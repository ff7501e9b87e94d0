const PACKAGE = /.*node_modules\/((?:@[^/]+\/)?[^/]+)/;

/**
 * How large a bundle is, and which package has which share of it, the largest first.
 *
 * @param {import('esbuild').Metafile} metafile of a bundle with one file
 * @returns {{ bytes: number, parts: [name: string, bytes: number][] }}
 */
export function contentsOf({ outputs }) {
  const [{ bytes, inputs }] = Object.values(outputs);
  const sizes = new Map();
  for (const [path, { bytesInOutput }] of Object.entries(inputs)) {
    const name = PACKAGE.exec(path)?.[1] ?? (/sample-app\/src\//.test(path) ? 'the application' : 'this package');
    sizes.set(name, (sizes.get(name) ?? 0) + bytesInOutput);
  }
  return { bytes, parts: [...sizes].sort(([, a], [, b]) => b - a) };
}
