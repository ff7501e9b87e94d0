import { appendFileSync } from 'node:fs';
import process from 'node:process';

/** Writes the id into a file, in place of a table: what broadcasts reads it. */
export async function handle({ requestContext: { connectionId } }) {
  appendFileSync(process.env.TABLE, `${connectionId}\n`);
  return { statusCode: 200 };
}
