export { EmbeddedGateway } from './embedded.gateway.js';
export type { CompressionOptions } from '../options/compression.options.js';
export type { EmbeddedGatewayOptions, GatewayCredentials } from '../options/gateway.options.js';
export type { GatewayDrainOptions, GatewayProbesOptions, GatewayTlsOptions } from '../options/listening.options.js';
