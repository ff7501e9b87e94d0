/** The options of the module, for an application that runs on API Gateway and on the embedded gateway alike. */
export const CONFIG_TEMPLATE = `import type { WebSocketModuleOptions } from 'nestjs-apigateway-websocket';

/**
 * Give this to the root module: WebSocketModule.forRoot(websocketConfig).
 *
 * Where connections are kept, the endpoint and everything about the gateway's port come from the environment: see .env.example.
 */
export const websocketConfig: WebSocketModuleOptions = {
  // Without AWS the embedded gateway takes the place of API Gateway; on Lambda it stays off.
  gateway: {},

  // Applications that share a Redis or a table need different ones.
  keyPrefix: 'websocket:',

  // API Gateway lets a connection live for two hours: what the sweep finds after that is dead.
  staleAfterSeconds: 7_800,
};
`;
