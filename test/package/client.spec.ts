import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { WebSocketServer } from 'ws';
import { createDirectory, linkDependencies, packPackage, removeDirectories, run } from './support/packed-package.js';

/** Connects to the address in its arguments and writes the client's id, with a WebSocket that is given where there is none. */
const PROGRAM = (entry: string): string => `
import { WebSocket } from 'ws';
import { WebSocketClient } from '${entry}';
const client = new WebSocketClient({ urls: process.argv[2], WebSocket });
client.onWelcome(({ connectionId }) => {
  console.log(connectionId);
  client.close();
});
client.connect();
`;

describe('the client of the packed package', () => {
  let directory: string;
  let server: WebSocketServer;

  beforeAll(async () => {
    directory = await createDirectory();
    await linkDependencies(directory, await packPackage());
    server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
    await once(server, 'listening');
    server.on('connection', (socket) =>
      socket.on('message', (data: Buffer) => {
        const { id } = JSON.parse(data.toString()) as { id: string };
        const facts = { protocol: 1, connectionId: 'from afar', pingSeconds: 25, maxMessageBytes: 1_000 };
        socket.send(JSON.stringify({ type: 'welcome', id, ...facts }));
      }),
    );
  }, 60_000);

  afterAll(async () => {
    server.close();
    await removeDirectories();
  });

  it.each(['nestjs-apigateway-websocket/client', 'nestjs-apigateway-websocket/client/browser'])(
    'connects, and lets the process end when it is closed: %s',
    async (entry) => {
      await mkdir(join(directory, 'src'), { recursive: true });
      const program = join(directory, 'src', 'program.mjs');
      await writeFile(program, PROGRAM(entry));
      const { port } = server.address() as { port: number };
      const { stdout } = await run(directory, process.execPath, program, `ws://127.0.0.1:${port}`);
      expect(stdout).toBe('from afar\n');
    },
    30_000,
  );

  it('is one file for pages without a build', async () => {
    const path = join(directory, 'node_modules/nestjs-apigateway-websocket/dist/client/browser.js');
    const text = await readFile(path, 'utf8');
    expect(text).toMatch(/export\s*\{[^}]*\bas WebSocketClient\b/);
    expect(text).not.toMatch(/\bimport\b|\brequire\b|node:/);
  });
});
