import { createRequire } from 'node:module';

const { version } = createRequire(import.meta.url)('@nestjs/core/package.json') as { version: string };

/** What a program runs on. */
export const runtime = { node: process.versions.node, nest: version };
