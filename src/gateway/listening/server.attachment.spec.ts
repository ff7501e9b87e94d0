import { afterEach, describe, expect, it } from '@jest/globals';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { attachTo, type ServerGuest } from './server.attachment.js';

const servers: Server[] = [];

afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

/** A server of its own application, and what it answers at a path. */
async function start(): Promise<{ server: Server; answerAt: (path: string) => Promise<string> }> {
  const server = createServer((_, response) => void response.end('application'));
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  return { server, answerAt: async (path) => (await fetch(`http://127.0.0.1:${port}${path}`)).text() };
}

/** A guest that answers one path with its name. */
function guest(name: string): ServerGuest {
  return {
    request: ({ url }: IncomingMessage, response: ServerResponse) => {
      if (url !== `/${name}`) return false;
      response.end(name);
      return true;
    },
    upgrade: () => false,
  };
}

describe('a guest on an HTTP server', () => {
  it('answers its own requests and leaves the others', async () => {
    const { server, answerAt } = await start();
    attachTo(server, guest('first'));
    expect(await answerAt('/first')).toBe('first');
    expect(await answerAt('/')).toBe('application');
  });

  it('shares the server with another guest', async () => {
    const { server, answerAt } = await start();
    attachTo(server, guest('first'));
    attachTo(server, guest('second'));
    expect(await Promise.all(['/first', '/second', '/'].map(answerAt))).toEqual(['first', 'second', 'application']);
  });

  it('leaves the server as it found it', async () => {
    const { server, answerAt } = await start();
    const before = server.listeners('request');
    attachTo(server, guest('first'))();
    expect(server.listeners('request')).toEqual(before);
    expect(server.listenerCount('upgrade')).toBe(0);
    expect(await answerAt('/first')).toBe('application');
  });

  it.each([
    ['in the order in which they came', [0, 1]],
    ['in the other order', [1, 0]],
  ])('never makes the application answer twice when guests leave %s', async (_, order) => {
    const { server, answerAt } = await start();
    let answers = 0;
    server.on('request', () => answers++);
    const leave = [attachTo(server, guest('first')), attachTo(server, guest('second'))];
    for (const index of order) leave[index]!();
    expect(await answerAt('/')).toBe('application');
    expect(answers).toBe(1);
  });
});
