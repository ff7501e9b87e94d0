import process from 'node:process';
import console from 'node:console';
import { cpus } from 'node:os';
import { benchConnects } from './connects.js';
import { benchHandler } from './handler.js';

console.log(`Node ${process.version}, ${cpus().length} cores (${cpus()[0]?.model ?? 'unknown'})\n`);
await benchHandler();
console.log();
await benchConnects();
