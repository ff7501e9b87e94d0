import { once } from 'node:events';
import { lstatSync, rmSync, type Stats } from 'node:fs';
import { connect, type ListenOptions, type Server } from 'node:net';
import { InvalidOptionsError } from '../../errors/invalid-options.error.js';

/** Resolves when the server listens; rejects with the error of the system, such as `EADDRINUSE`, when it cannot. */
export async function listen(server: Server, options: ListenOptions): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(options, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

/**
 * Listens on a Unix socket. The file of a process that ended without removing it is taken over.
 *
 * @throws `EADDRINUSE` when a process listens there
 * @throws InvalidOptionsError when the path is that of something else than a socket, which stays as it is
 */
export async function listenOnUnixSocket(server: Server, path: string, backlog: number): Promise<void> {
  try {
    await listen(server, { path, backlog });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    const found = statOf(path);
    if (found !== null && (await isServed(path))) throw error;
    // In one turn with the listening: what is removed must be what was found, and nobody get in between.
    if (!removeUnchanged(path, found)) throw error;
    await listen(server, { path, backlog });
  }
}

/** Removes a socket that nobody listens on; `false` when another process has taken it over meanwhile. */
function removeUnchanged(path: string, before: Stats | null): boolean {
  const now = statOf(path);
  // The socket of the other process often gets the number of the one that it removed.
  if (now !== null && (now.ino !== before?.ino || now.ctimeMs !== before.ctimeMs)) return false;
  rmSync(path, { force: true });
  return true;
}

/** What is at the path, `null` for nothing. */
function statOf(path: string): Stats | null {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) return null;
  if (found.isSocket()) return found;
  throw new InvalidOptionsError(
    'gateway.socketPath',
    'Expected "gateway.socketPath" to be a socket, or nothing yet; something else is there. Remove it or choose another path.',
  );
}

/** Whether a process listens there. Only a refusal proves that none does: one that is too busy to accept, or forbids it, is alive. */
async function isServed(path: string): Promise<boolean> {
  const socket = connect(path);
  try {
    await once(socket, 'connect');
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ECONNREFUSED';
  } finally {
    socket.destroy();
  }
}
