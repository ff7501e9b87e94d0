import type { ChannelRule, EmbeddedGatewayOptions, WebSocketModuleOptions } from '../../src/index.js';
import { gatewayApp, type GatewayAppBuilder } from '../support/gateway-app.js';

/** Clients say who they are in the query: `?user=ada`. */
const authorizer: NonNullable<EmbeddedGatewayOptions['authorizer']> = ({ queryStringParameters, methodArn }) => ({
  principalId: 'anybody',
  policyDocument: { Statement: { Effect: 'Allow', Action: 'execute-api:Invoke', Resource: methodArn } },
  context: queryStringParameters?.['user'] === undefined ? {} : { userId: queryStringParameters['user'] },
});

/** Lets everybody in, under their name. */
export const named: ChannelRule = {
  authorize: ({ userId }) => ({ name: (userId ?? 'nobody').toUpperCase() }),
  publish: true,
};

/** An application whose clients are named in the query, with these channels. */
export function channelApp(
  rules: Readonly<Record<string, ChannelRule>>,
  { channels, ...options }: WebSocketModuleOptions = {},
): GatewayAppBuilder {
  const more = typeof channels === 'object' ? channels : {};
  return gatewayApp()
    .gateway({ authorizer, drain: { durationMs: 1, graceMs: 2_000 } })
    .with({ goneGracePeriodMs: 0, ...options, channels: { ...more, rules } });
}
