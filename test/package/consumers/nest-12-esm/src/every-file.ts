// Imports every file of the package. That of the command line is a program, which runs when it is imported.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { runtime } from './runtime.js';

const dist = fileURLToPath(new URL('.', import.meta.resolve('nestjs-apigateway-websocket')));
const files = readdirSync(dist, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.js') && file !== join('cli', 'main.js'))
  .sort();
const failures: string[] = [];
for (const file of files) {
  await import(pathToFileURL(join(dist, file)).href).catch((error: unknown) => failures.push(`${file}: ${error}`));
}
console.log(JSON.stringify({ runtime, count: files.length, failures }));
process.exit();
