export { EmbeddedGateway } from './embedded.gateway.js';
export type { EmbeddedGatewayOptions, GatewayCredentials } from '../options/gateway.options.js';
