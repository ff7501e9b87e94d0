import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  linkConsumer,
  packagesLoadedBy,
  packPackage,
  removeDirectories,
  run,
  TYPESCRIPT,
} from './support/packed-package.js';

describe('an ES module application on NestJS 12', () => {
  let directory: string;

  beforeAll(async () => {
    directory = await linkConsumer('nest-12-esm', await packPackage());
    await run(directory, process.execPath, TYPESCRIPT, '-p', 'tsconfig.json');
  }, 120_000);
  afterAll(removeDirectories);

  it('imports both entries of the package by name', async () => {
    const { stdout } = await run(directory, process.execPath, 'dist/imports.js');
    expect(JSON.parse(stdout)).toEqual({
      application: expect.arrayContaining(['EmbeddedGateway', 'WebSocket', 'WebSocketManager', 'WebSocketModule']),
      gateway: ['EmbeddedGateway'],
    });
  }, 60_000);

  it('loads neither ws nor the AWS SDK nor a client of Redis by importing the package', async () => {
    const loaded = await packagesLoadedBy(directory, 'dist/imports.js');
    expect([...loaded]).toEqual(expect.arrayContaining(['nestjs-apigateway-websocket', '@nestjs/common', 'keyv']));
    expect([...loaded].filter((name) => name === 'ws' || /^@(?:aws-sdk|smithy|aws-crypto|redis)\//.test(name))).toEqual(
      [],
    );
  }, 60_000);

  it('loads ws once it opens a gateway, and the AWS SDK not to send but once it closes a connection', async () => {
    const loaded = await packagesLoadedBy(directory, 'dist/sends.js');
    expect([...loaded]).toContain('ws');
    expect([...loaded].filter((name) => /^@(?:aws-sdk|smithy|aws-crypto)\//.test(name))).toEqual([]);
    const loadedToClose = await packagesLoadedBy(directory, 'dist/sends.js', '--disconnect');
    expect([...loadedToClose]).toContain('@aws-sdk/client-apigatewaymanagementapi');
  }, 60_000);

  it.each([
    { module: 'node16', moduleResolution: 'node16' },
    { module: 'nodenext', moduleResolution: 'nodenext' },
    { module: 'esnext', moduleResolution: 'bundler' },
  ])(
    'finds complete declarations under moduleResolution $moduleResolution',
    async ({ module, moduleResolution }) => {
      const flags = ['--noEmit', '--module', module, '--moduleResolution', moduleResolution, '--skipLibCheck', 'false'];
      const { stdout } = await run(directory, process.execPath, TYPESCRIPT, '-p', 'tsconfig.json', ...flags);
      expect(stdout).toBe('');
    },
    120_000,
  );
});
