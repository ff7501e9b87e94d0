import { performance } from 'node:perf_hooks';
import { SERVER_CORE } from '../state/cores.js';
import { Child } from './child.js';

/** The server, in a process and on a core of its own. */
export class ServerProcess {
  /** @param certificate files with `key` and `cert`; without it the server speaks plain HTTP */
  static async start(certificate) {
    const child = await Child.start('server.js', certificate ? [certificate.key, certificate.cert] : [], {
      core: SERVER_CORE,
    });
    return new ServerProcess(child, `${certificate ? 'https' : 'http'}://127.0.0.1:${child.greeting.port}/production`);
  }

  constructor(child, endpoint) {
    this.child = child;
    this.endpoint = endpoint;
  }

  configure({ delayMs = 0, status = 200 }) {
    return this.child.ask({ configure: { delayMs, status } });
  }

  /** Runs a task. @returns what it returned, and which part of the time the server was busy */
  async during(task) {
    const before = await this.child.ask({});
    const start = performance.now();
    const result = await task();
    const elapsedUs = (performance.now() - start) * 1_000;
    const after = await this.child.ask({});
    const busyUs = after.cpu.user + after.cpu.system - before.cpu.user - before.cpu.system;
    return { ...result, serverLoad: busyUs / elapsedUs };
  }

  stop() {
    return this.child.stop();
  }
}
