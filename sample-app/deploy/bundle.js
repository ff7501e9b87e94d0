// npm run bundle -- [--with dynamodb,sqs]: makes dist/lambda.mjs, which is all that the functions of serverless.yml and template.yaml run.
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { bundle } from './bundle.recipe.js';
import { contentsOf } from './bundle.contents.js';

const { values } = parseArgs({ options: { with: { type: 'string', default: 'dynamodb,sqs' } } });
const outfile = fileURLToPath(new URL('dist/lambda.mjs', import.meta.url));
const metafile = await bundle({
  entry: fileURLToPath(new URL('../src/lambda.ts', import.meta.url)),
  outfile,
  backends: values.with.split(',').filter((name) => name !== ''),
});

const { bytes, parts } = contentsOf(metafile);
console.log(`${outfile}: ${bytes.toLocaleString('en')} bytes`);
for (const [name, size] of parts.slice(0, 10)) console.log(`${size.toLocaleString('en').padStart(9)}  ${name}`);
