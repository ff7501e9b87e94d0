import { Child } from '../fanout/child.js';
import { CLIENT_CORE, SERVER_CORE } from '../state/cores.js';
import { FloorProcess } from './floor.js';

/** A server and its clients, each in a process of its own and on a core of its own. */
export class Stand {
  static async start(arm, setup = {}) {
    return new Stand(await startServer(arm, setup), await startClients(), { arm, ...setup });
  }

  static async startFloor(program) {
    return new Stand(await FloorProcess.start(program), await startClients(), {});
  }

  constructor(server, clients, { arm, isCompressed = false }) {
    Object.assign(this, { server, clients, arm });
    this.to = Stand.addressOf(server, isCompressed);
  }

  /** What clients have to know of a server. */
  static addressOf({ greeting: { port, path, hello, frames, isBare } }, offer = false) {
    return { port, path, hello, frames, isBare, offer };
  }

  /** Opens so many clients, all of which can be sent to then. */
  async open(count) {
    await Promise.all([
      this.clients.ask({ ask: 'open', count, ...this.to }),
      // The C program accepts nobody unless it is asked.
      this.server.ask({ ask: 'ready', count }),
    ]);
  }

  /** Sends one message to everyone; resolves when all of it has arrived. */
  async send(call, sizeBytes, ask = 'send') {
    const { bytes, ...figures } = await this.server.ask({ ask, call, sizeBytes });
    await this.clients.ask({ ask: 'expect', bytes });
    return { ...figures, bytes };
  }

  async stop() {
    await Promise.all([this.clients.stop(), this.server.stop()]);
  }
}

/** A process that serves one arm. */
export function startServer(arm, setup) {
  return Child.start('../gateway/server.js', [JSON.stringify({ arm, ...setup })], {
    core: SERVER_CORE,
    execArgv: ['--expose-gc', '--no-warnings'],
  });
}

export function startClients() {
  return Child.start('../gateway/clients.js', [], { core: CLIENT_CORE, execArgv: ['--no-warnings'] });
}
