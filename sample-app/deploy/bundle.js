// npm run bundle [-- --with dynamodb,sqs --runtime-sdk --outdir folder]: makes dist/lambda.mjs and dist/authorizer.mjs, all that serverless.yml and template.yaml deploy.
import console from 'node:console';
import { join } from 'node:path';
import { fileURLToPath, URL } from 'node:url';
import { parseArgs } from 'node:util';
import { contentsOf } from './bundle.contents.js';
import { bundle } from './bundle.recipe.js';

const path = (relative) => fileURLToPath(new URL(relative, import.meta.url));
const { values } = parseArgs({
  options: {
    with: { type: 'string', default: 'dynamodb,sqs' },
    'runtime-sdk': { type: 'boolean', default: false },
    outdir: { type: 'string', default: path('dist') },
  },
});
const backends = values.with.split(',').filter((name) => name !== '');

for (const name of ['lambda', 'authorizer']) {
  const outfile = join(values.outdir, `${name}.mjs`);
  const entry = path(`../src/${name}.ts`);
  const { bytes, parts } = contentsOf(
    await bundle({ entry, outfile, backends, usesSdkOfRuntime: values['runtime-sdk'] }),
  );
  console.log(`${outfile}: ${bytes.toLocaleString('en')} bytes`);
  for (const [part, size] of parts.slice(0, 10)) console.log(`${size.toLocaleString('en').padStart(11)}  ${part}`);
}
