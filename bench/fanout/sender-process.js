import { CLIENT_CORE } from '../state/cores.js';
import { Child } from './child.js';

/** A sender of one arm, in a process and on a core of its own. */
export class SenderProcess {
  /** @param certificate what it trusts beside the authorities that Node knows */
  static async start({ certificate, ...setup }) {
    const env = certificate ? { NODE_EXTRA_CA_CERTS: certificate.cert } : {};
    const execArgv = ['--expose-gc', '--no-warnings'];
    return new SenderProcess(
      await Child.start('sender.js', [JSON.stringify(setup)], { core: CLIENT_CORE, env, execArgv }),
    );
  }

  constructor(child) {
    this.child = child;
  }

  /**
   * Sends one message to so many connections.
   *
   * @param isCollected whether garbage is collected before, so that the growth of memory is this round's
   * @returns what it took
   */
  round(count, isCollected = false) {
    return this.child.ask({ count, isCollected });
  }

  stop() {
    return this.child.stop();
  }
}
