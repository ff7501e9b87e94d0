import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { fileURLToPath, URL } from 'node:url';
import { pin, SERVER_CORE } from '../state/cores.js';

/** @returns the program, `null` where there is no C compiler; it is gone when the process ends */
export function compileFloor() {
  const folder = mkdtempSync(join(tmpdir(), 'gateway-bench-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  try {
    const source = fileURLToPath(new URL('floor.c', import.meta.url));
    execFileSync('cc', ['-O2', '-D_GNU_SOURCE', '-o', join(folder, 'floor'), source]);
    return join(folder, 'floor');
  } catch (error) {
    if (error.code === 'ENOENT') return null;
    throw error;
  }
}

/** A process of the C program, with the questions of a server process that it can answer. */
export class FloorProcess {
  static async start(program) {
    const child = spawn(program, { stdio: ['pipe', 'pipe', 'inherit'] });
    pin(child.pid, SERVER_CORE);
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const { value } = await lines.next();
    return new FloorProcess(child, lines, { port: Number(value), isBare: true });
  }

  constructor(process, lines, greeting) {
    Object.assign(this, { process, lines, greeting });
  }

  async ask({ ask, count, sizeBytes }) {
    if (ask === 'ready') {
      await this.#command(`a${count}`);
      this.count = count;
      return {};
    }
    // A text frame from a server has 4 bytes before a payload of these sizes.
    const frameBytes = sizeBytes + 4;
    const [cpuUs, elapsedMs] = (await this.#command(`w${frameBytes}`)).split(' ').map(Number);
    return { cpuUs, elapsedMs, bytes: this.count * frameBytes };
  }

  async stop() {
    const exited = once(this.process, 'exit');
    this.process.stdin.end();
    await exited;
  }

  async #command(line) {
    this.process.stdin.write(`${line}\n`);
    return (await this.lines.next()).value;
  }
}
