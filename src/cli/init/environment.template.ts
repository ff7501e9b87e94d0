import { VARIABLES } from '../../options/environment.reader.js';

/** What each variable says, and an example of it. */
const EXPLANATIONS: Readonly<Record<string, readonly [meaning: string, example: string]>> = Object.freeze({
  WEBSOCKET_API_GATEWAY_ENDPOINT: [
    'Where messages are posted to; without it, to the endpoint that each connection came in by.',
    'https://abc123.execute-api.eu-west-1.amazonaws.com/production',
  ],
  WEBSOCKET_AWS_REGION: ["The region to sign for; without it, that of the endpoint's host.", 'eu-west-1'],
  WEBSOCKET_REDIS_URL: ['Keeps connections in Redis.', 'redis://localhost:6379'],
  WEBSOCKET_DYNAMODB_TABLE: ['Keeps connections in DynamoDB; not together with Redis.', 'WebSocketConnections'],
  WEBSOCKET_FANOUT_QUEUE_URL: [
    'Hands messages to very many over to workers.',
    'https://sqs.eu-west-1.amazonaws.com/123456789012/websocket',
  ],
  WEBSOCKET_HOST: ['The address that the embedded gateway listens on, beside its port.', '127.0.0.1'],
  WEBSOCKET_PORT: ["A port of the embedded gateway's own; without it, it is on the application's server.", '8080'],
  WEBSOCKET_PATH: ['The path of the WebSocket endpoint.', '/ws'],
  WEBSOCKET_ENABLED: ['Turns the embedded gateway on or off.', 'true'],
  WEBSOCKET_MAX_CLIENTS: ['How many connections the embedded gateway takes in.', '10000'],
  WEBSOCKET_AUTH_ENABLED: ['Lets nobody in who is not authenticated.', 'true'],
  WEBSOCKET_DEBUG: ['Writes more into the log, but no payload.', 'false'],
  WEBSOCKET_LOG_CHANNEL: ['What lines in the log are marked with.', 'WebSocket'],
  WEBSOCKET_ERROR_LOG: ['A file that errors are written to as well.', 'websocket-errors.log'],
  WEBSOCKET_SSL_CERT_PATH: ['The certificate for wss://, in PEM.', '/etc/ssl/websocket.crt'],
  WEBSOCKET_SSL_KEY_PATH: ['Its private key, in PEM.', '/etc/ssl/private/websocket.key'],
  WEBSOCKET_PING_INTERVAL: ['How often clients are pinged, in seconds; 0 does not.', '30'],
  WEBSOCKET_LIMITS: ["API Gateway's limits (api-gateway), or generous ones.", 'generous'],
  WEBSOCKET_CLUSTER: ['Makes a cluster of the processes on one Redis.', 'true'],
});

/** Every variable that the package reads, each commented out. */
export const ENVIRONMENT_TEMPLATE = [
  '# What nestjs-apigateway-websocket reads where its options say nothing; docs/reference/options.md describes each.',
  '# Copy this file to .env, and take out the # in front of what you need.',
  ...VARIABLES.flatMap((name) => {
    const [meaning, example] = EXPLANATIONS[name] ?? ['', ''];
    return ['', ...(meaning === '' ? [] : [`# ${meaning}`]), `# ${name}=${example}`];
  }),
  '',
].join('\n');
