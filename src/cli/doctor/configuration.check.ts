import { regionOfEndpoint } from '../../protocol/endpoint.js';
import type { ResolvedWebSocketOptions } from '../../websocket.options-resolver.js';
import { ok, warning, type Finding } from './finding.js';

/** What options can be read, but hardly meant. That they can be read at all was found before. */
export function checkConfiguration(options: ResolvedWebSocketOptions, source: string): Finding[] {
  const { apiGatewayEndpoint, awsRegion } = options;
  const findings = [ok('configuration', `The configuration of ${source} can be used.`)];
  const region = apiGatewayEndpoint === null ? null : regionOfEndpoint(apiGatewayEndpoint);
  if (region !== null && awsRegion !== null && region !== awsRegion) {
    findings.push(
      warning(
        'configuration',
        `Requests are signed for ${awsRegion}, and the endpoint is in ${region}.`,
        `Leave out "awsRegion" and WEBSOCKET_AWS_REGION: the endpoint says its region.`,
      ),
    );
  }
  return findings;
}
