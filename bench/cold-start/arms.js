/** What is compared. */
export const EMPTY = 'an empty function';
export const SDK = 'bare handler, AWS SDK';
export const OURS = 'this package';
export const OURS_WITHOUT_SDK = 'this package, the SDK left to the runtime';
export const EXPRESS = 'Nest with platform-express, AWS SDK';
export const SDK_DYNAMODB = 'bare handler, AWS SDK, DynamoDB';
export const OURS_DYNAMODB = 'this package, DynamoDB';

export const [ESM, COMMONJS, UNBUNDLED] = ['ESM bundle', 'CommonJS bundle', 'unbundled'];

/** Each handler, in which forms it is measured, and what of it is bundled. */
export const ARMS = [
  { name: EMPTY, file: 'empty.js', forms: [ESM, COMMONJS] },
  { name: SDK, file: 'sdk.js', forms: [ESM, COMMONJS, UNBUNDLED] },
  { name: OURS, file: 'ours.js', forms: [ESM, COMMONJS, UNBUNDLED] },
  { name: OURS_WITHOUT_SDK, file: 'ours.js', forms: [ESM, COMMONJS], usesSdkOfRuntime: true },
  { name: EXPRESS, file: 'nest-express.js', forms: [ESM, COMMONJS, UNBUNDLED], http: true },
  { name: SDK_DYNAMODB, file: 'sdk-dynamodb.js', forms: [ESM, COMMONJS], backends: ['dynamodb'] },
  { name: OURS_DYNAMODB, file: 'ours-dynamodb.js', forms: [ESM, COMMONJS], backends: ['dynamodb'] },
];

/** What starts are made of, each loaded by itself. */
export const DEPENDENCIES = [
  'reflect-metadata',
  'rxjs',
  '@nestjs/common',
  '@nestjs/core',
  '@nestjs/event-emitter',
  '@nestjs/cache-manager',
  'cache-manager',
  'ipaddr.js',
  'nestjs-apigateway-websocket',
  '@aws-sdk/client-apigatewaymanagementapi',
  '@aws-sdk/client-dynamodb',
  '@aws-sdk/client-sqs',
  '@redis/client',
  'rate-limiter-flexible',
  'prom-client',
  '@opentelemetry/api',
];
