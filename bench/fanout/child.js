import { fork } from 'node:child_process';
import { once } from 'node:events';
import process from 'node:process';
import { fileURLToPath, URL } from 'node:url';
import { pin } from '../state/cores.js';

/** A process of the benchmark that answers each question with one message, on a core of its own. */
export class Child {
  static async start(module, args, { core, env = {}, ...options }) {
    const path = fileURLToPath(new URL(module, import.meta.url));
    const child = new Child(
      fork(path, args, { ...options, env: { ...process.env, ...env }, serialization: 'advanced' }),
    );
    pin(child.process.pid, core);
    child.greeting = await child.answer();
    return child;
  }

  constructor(process) {
    this.process = process;
  }

  async ask(question) {
    this.process.send(question);
    return this.answer();
  }

  answer() {
    return new Promise((resolve, reject) => {
      const onMessage = (message) => {
        this.process.off('exit', onExit);
        if (message.error === undefined) resolve(message);
        else reject(new Error(message.error));
      };
      const onExit = (code) => {
        this.process.off('message', onMessage);
        reject(new Error(`A process of the benchmark ended with code ${code}.`));
      };
      this.process.once('message', onMessage).once('exit', onExit);
    });
  }

  async stop() {
    if (this.process.exitCode !== null) return;
    const exited = once(this.process, 'exit');
    this.process.disconnect();
    await exited;
  }
}
