import { afterEach, expect, it } from '@jest/globals';
import { apiGatewayCli, type AwsAnswer } from '../support/aws-cli.js';
import { awsCli, describeWith } from '../support/program.js';
import { closeGatewayApps, gatewayApp, recorder, type GatewayApp } from '../support/gateway-app.js';
import type { GatewayClient } from '../support/gateway-client.js';
import type { GatewayCredentials } from '../../src/index.js';
import { testCredentials } from '../support/management-api-client.js';

afterEach(closeGatewayApps);

/** Connects until an id has these characters, which need encoding in a path. */
async function connectWithIdLike(
  app: GatewayApp,
  pattern: RegExp,
): Promise<{ client: GatewayClient; connectionId: string }> {
  for (;;) {
    const connected = await app.connectWithId();
    if (pattern.test(connected.connectionId)) return connected;
    await connected.client.close();
  }
}

describeWith([awsCli], 'the AWS command line at the embedded gateway', () => {
  it('posts to, gets and deletes a connection whose id has + and / in it', async () => {
    const disconnected = recorder<'websocket.disconnected'>();
    const app = await gatewayApp()
      .gateway({ credentials: testCredentials, region: 'eu-west-1' })
      .on('websocket.disconnected', disconnected.push)
      .start();
    const { client, connectionId } = await connectWithIdLike(app, /^(?=.*\+)(?=.*\/)/);
    const run = (command: string, ...args: string[]): Promise<AwsAnswer> =>
      apiGatewayCli(app.endpoint, command, ['--connection-id', connectionId, ...args]);

    expect(await run('post-to-connection', '--data', '{"text":"from a shell"}')).toMatchObject({
      exitCode: 0,
      error: '',
    });
    expect(await client.next()).toBe('{"text":"from a shell"}');

    const { output } = await run('get-connection');
    const info = JSON.parse(output) as Record<'ConnectedAt' | 'LastActiveAt', string> & { Identity: object };
    expect(info.Identity).toEqual({ SourceIp: '127.0.0.1' });
    const { connectedAt } = (await app.manager.getConnection(connectionId))!;
    expect(Date.parse(info.ConnectedAt)).toBe(connectedAt);
    expect(Date.parse(info.LastActiveAt)).toBeGreaterThanOrEqual(connectedAt);

    expect(await run('delete-connection')).toMatchObject({ exitCode: 0, output: '' });
    expect(await client.closed).toEqual({ code: 1000, reason: 'Connection Closed Normally' });
    let event = await disconnected.next();
    while (event.connectionId !== connectionId) event = await disconnected.next();
    expect(event).toMatchObject({ code: 1000, reason: 'Connection Closed Normally' });
  });

  it('is told what is wrong: a secret, a key, an id that is gone, and one that is none', async () => {
    const app = await gatewayApp().gateway({ credentials: testCredentials, region: 'eu-west-1' }).start();
    const { client, connectionId } = await app.connectWithId();
    const post = (id: string, keys?: GatewayCredentials): Promise<AwsAnswer> =>
      apiGatewayCli(app.endpoint, 'post-to-connection', ['--connection-id', id, '--data', 'refused'], keys);
    const answers = await Promise.all([
      post(connectionId, { ...testCredentials, secretAccessKey: 'wrong' }),
      post(connectionId, { ...testCredentials, accessKeyId: 'AKIDSTRANGER' }),
      post('a+/dEfGhIAMCJkL='),
      post('not an id!'),
    ]);
    // 255 of version 1, 254 of version 2.
    expect(answers.every(({ exitCode }) => exitCode >= 254)).toBe(true);
    expect(answers.map(({ error }) => /\((\w+)\)/.exec(error)?.[1])).toEqual([
      'ForbiddenException',
      'ForbiddenException',
      'GoneException',
      'BadRequestException',
    ]);
    client.send('still here');
    await client.close();
    expect(client.messages.all).not.toContain('refused');
  });

  it('is not let in where no keys are configured', async () => {
    const app = await gatewayApp().start();
    const { connectionId } = await app.connectWithId();
    const { exitCode, error } = await apiGatewayCli(app.endpoint, 'get-connection', ['--connection-id', connectionId]);
    expect(exitCode).toBeGreaterThanOrEqual(254);
    expect(error).toContain('(ForbiddenException)');
  });
});
