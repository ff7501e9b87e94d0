import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { describe } from '@jest/globals';
import { chromium, type Browser } from 'playwright-core';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome'];
const HOW_TO_GET_ONE =
  'no Chromium found: install it (Debian: apt-get install chromium) or set CHROMIUM_PATH to the program';

const ARGUMENTS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

const executablePath = findChromium();

/** `describe` for tests that need a browser. Without one they are reported as skipped, with the remedy; on CI they fail. */
export function describeInBrowser(title: string, tests: () => void): void {
  if (executablePath !== null || process.env['CI'] !== undefined) {
    describe(title, tests);
    return;
  }
  // Of skipped tests Jest's summary tells no more than how many.
  process.stderr.write(`${title}: skipped, ${HOW_TO_GET_ONE}\n`);
  describe.skip(`${title} (${HOW_TO_GET_ONE})`, tests);
}

/** Starts the machine's Chromium, without a window. */
export async function launchBrowser(): Promise<Browser> {
  if (executablePath === null) throw new Error(HOW_TO_GET_ONE);
  return chromium.launch({ executablePath, args: ARGUMENTS });
}

function findChromium(): string | null {
  // Not checked: a path that somebody gave and that is wrong is to be heard of, not passed over.
  if (process.env['CHROMIUM_PATH']) return process.env['CHROMIUM_PATH'];
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  const candidates = NAMES.flatMap((name) => folders.map((folder) => join(folder, name)));
  return candidates.find(isExecutable) ?? null;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
