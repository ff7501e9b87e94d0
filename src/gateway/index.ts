export { EmbeddedGateway } from './embedded.gateway.js';
export type { EmbeddedGatewayOptions, GatewayCredentials } from './gateway.options.js';
