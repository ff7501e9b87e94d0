import { execFile } from 'node:child_process';
import type { GatewayCredentials } from '../../src/index.js';
import { testCredentials } from './management-api-client.js';

export interface AwsAnswer {
  readonly exitCode: number;
  readonly output: string;
  readonly error: string;
}

/** Runs `aws apigatewaymanagementapi` against an endpoint, with these keys and nothing that the machine is configured with. */
export function apiGatewayCli(
  endpoint: string,
  command: string,
  args: readonly string[],
  { accessKeyId, secretAccessKey }: GatewayCredentials = testCredentials,
): Promise<AwsAnswer> {
  const env = {
    PATH: process.env['PATH'],
    HOME: '/nonexistent',
    AWS_CONFIG_FILE: '/nonexistent/config',
    AWS_SHARED_CREDENTIALS_FILE: '/nonexistent/credentials',
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_DEFAULT_REGION: 'eu-west-1',
    AWS_MAX_ATTEMPTS: '1',
  };
  const all = ['apigatewaymanagementapi', command, '--endpoint-url', endpoint, ...args];
  return new Promise((resolve) => {
    execFile('aws', all, { env }, (failure, output, error) => {
      resolve({ exitCode: failure === null ? 0 : Number(failure.code ?? -1), output, error });
    });
  });
}
