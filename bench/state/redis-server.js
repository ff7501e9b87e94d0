import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { createClient } from '@redis/client';
import { pin, SERVER_CORE } from './cores.js';

/** A redis-server of the benchmark's own, on a free port, that keeps nothing; with a client to ask what it spent. */
export class RedisServer {
  static async start() {
    const port = await freePort();
    const options = ['--port', port, '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'].map(String);
    const process = spawn('redis-server', options, { stdio: ['ignore', 'pipe', 'ignore'] });
    // Nothing is left behind when the benchmark throws, or is interrupted.
    globalThis.process.once('exit', () => process.kill('SIGKILL'));
    let said = '';
    for await (const chunk of process.stdout) {
      said += chunk;
      if (said.includes('Ready to accept connections')) break;
    }
    if (!said.includes('Ready to accept connections')) throw new Error(`redis-server did not start: ${said}`);
    pin(process.pid, SERVER_CORE);
    const server = new RedisServer(process, `redis://127.0.0.1:${port}`);
    server.admin = await server.connect();
    return server;
  }

  clients = [];

  constructor(process, url) {
    this.process = process;
    this.url = url;
  }

  /** A client of `@redis/client`, closed with the server. */
  async connect() {
    const client = await createClient({ url: this.url }).connect();
    client.on('error', (error) => {
      throw error;
    });
    this.clients.push(client);
    return client;
  }

  async stop() {
    const exited = once(this.process, 'exit');
    for (const client of this.clients) client.destroy();
    this.process.kill('SIGKILL');
    await exited;
  }

  /** The fields of a section of INFO, numbers as numbers. */
  async info(section) {
    const text = await this.admin.info(section);
    const fields = text.split('\r\n').filter((line) => line.includes(':'));
    return Object.fromEntries(
      fields.map((line) => {
        const [name, value] = line.split(/:(.*)/s);
        return [name, Number.isNaN(Number(value)) ? value : Number(value)];
      }),
    );
  }

  /** Bytes in use, without the buffers of clients. */
  async usedMemory() {
    const { used_memory: used, mem_clients_normal: clients } = await this.info('memory');
    return used - clients;
  }

  /** The CPU time that the server's main thread has used, in µs. */
  async cpuUs() {
    const { used_cpu_user_main_thread: user, used_cpu_sys_main_thread: system } = await this.info('cpu');
    return (user + system) * 1e6;
  }

  /** How often the server has read from a client: with one caller, its round trips and those of these questions. */
  async reads() {
    return (await this.info('stats')).total_reads_processed;
  }

  /** How long scripts have run, in µs, since the server was started. */
  async scriptUs() {
    const { cmdstat_evalsha: statistics = '' } = await this.info('commandstats');
    return Number(/usec=(\d+)/.exec(statistics)?.[1] ?? 0);
  }
}

/** A port that nobody listens on at the moment. */
export async function freePort() {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address();
  probe.close();
  await once(probe, 'close');
  return port;
}
