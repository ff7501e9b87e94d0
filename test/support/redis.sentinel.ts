import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './redis.server.js';

/** A Redis Sentinel that watches one server, under the name `main`. */
export class RedisSentinel {
  private constructor(
    readonly port: number,
    private readonly process: ChildProcess,
    private readonly directory: string,
  ) {}

  /** @param watchedPort where the server listens */
  static async start(watchedPort: number): Promise<RedisSentinel> {
    const port = await freePort();
    const directory = await mkdtemp(join(tmpdir(), 'sentinel-'));
    const configuration = join(directory, 'sentinel.conf');
    await writeFile(configuration, `port ${port}\nbind 127.0.0.1\nsentinel monitor main 127.0.0.1 ${watchedPort} 1\n`);
    const child = spawn('redis-server', [configuration, '--sentinel'], { stdio: ['ignore', 'pipe', 'ignore'] });
    for await (const chunk of child.stdout as AsyncIterable<Buffer>) if (chunk.includes('+monitor')) break;
    return new RedisSentinel(port, child, directory);
  }

  async stop(): Promise<void> {
    const exited = once(this.process, 'exit');
    this.process.kill('SIGKILL');
    await exited;
    await rm(this.directory, { recursive: true });
  }
}
