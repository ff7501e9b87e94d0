export { createLambdaHandler } from './lambda.handler.js';
export type { LambdaHandler } from './lambda.handler.js';
export type { CleanupResponse, LambdaResponse, WarmUpResponse } from './lambda.response.js';
export type { ApplicationModule } from './lambda.application.js';
export type { LambdaContext } from './lambda.context.js';
export type { LambdaHandlerOptions } from './lambda.options.js';
export type { PowertoolsLogger } from './logs/powertools.logger.js';
