import type { WebSocketModuleOptions } from '../websocket.options.js';

/** How a command reaches the running system. What is not given comes from the environment. */
export interface SystemFlags {
  /** The compiled file of the application's root module, in place of everything else. */
  readonly app?: string;
  readonly export?: string;
  readonly redis?: string;
  readonly dynamodbTable?: string;
  readonly endpoint?: string;
  readonly region?: string;
  readonly prefix?: string;
  readonly debug?: true;
}

/** The options that flags stand for. */
export function optionsOf({ redis, dynamodbTable, endpoint, region, prefix }: SystemFlags): WebSocketModuleOptions {
  return {
    ...(redis !== undefined && { redis: { url: redis } }),
    ...(dynamodbTable !== undefined && { dynamodb: { tableName: dynamodbTable } }),
    ...(endpoint !== undefined && { apiGatewayEndpoint: endpoint }),
    ...(region !== undefined && { awsRegion: region }),
    ...(prefix !== undefined && { keyPrefix: prefix }),
  };
}
