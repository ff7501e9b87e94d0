import { once } from 'node:events';
import { lstat, unlink } from 'node:fs/promises';
import { connect, type ListenOptions, type Server } from 'node:net';
import { InvalidOptionsError } from '../errors/invalid-options.error.js';

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
    if (!(await removeStale(path))) throw error;
    await listen(server, { path, backlog });
  }
}

/** Removes a socket that nobody listens on; tells whether the path is free now. */
async function removeStale(path: string): Promise<boolean> {
  const before = await statOf(path);
  if (before === null) return true;
  if (!before.isSocket()) {
    throw new InvalidOptionsError(
      'gateway.socketPath',
      'Expected "gateway.socketPath" to be a socket, or nothing yet; something else is there. Remove it or choose another path.',
    );
  }
  if (await isServed(path)) return false;
  // Another process may have taken it over in between.
  if ((await statOf(path))?.ino !== before.ino) return false;
  await unlink(path);
  return true;
}

async function statOf(path: string): Promise<Awaited<ReturnType<typeof lstat>> | null> {
  try {
    return await lstat(path);
  } catch {
    return null;
  }
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
