import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { withSbin } from './program.js';

const running: ChildProcess[] = [];

/** Ends what {@link startProxy} started; call it after each test. */
export async function stopProxies(): Promise<void> {
  for (const child of running.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    // Not SIGKILL: the workers of nginx would outlive it.
    child.kill('SIGTERM');
    await once(child, 'exit');
  }
}

/** Starts a proxy in the foreground; resolves when it takes connections at the port. */
export async function startProxy(command: string, args: readonly string[], port: number): Promise<void> {
  const child = spawn(command, args, { env: withSbin(), stdio: ['ignore', 'ignore', 'pipe'] });
  running.push(child);
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
  while (!(await isTaken(port))) {
    if (child.exitCode !== null) throw new Error(`${command} did not start.\n${said}`);
    await pause(10);
  }
}

async function isTaken(port: number): Promise<boolean> {
  const socket = connect({ port, host: '127.0.0.1' });
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
