export { createLambdaHandler } from './lambda.handler.js';
export type { CleanupResponse, LambdaHandler, LambdaResponse, WarmUpResponse } from './lambda.handler.js';
export type { ApplicationModule } from './lambda.application.js';
export type { LambdaContext, LambdaHandlerOptions } from './lambda.options.js';
