/** The entry of the functions that the Serverless template names. @param isCommonJs whether the project is compiled to CommonJS, which cannot wait */
export function lambdaTemplate({ isCommonJs }: { readonly isCommonJs: boolean }): string {
  return `import 'reflect-metadata';
import { createLambdaHandler } from 'nestjs-apigateway-websocket/lambda';
import { AppModule } from './app.module.js';

export const handler = createLambdaHandler(AppModule);
${isCommonJs ? '' : 'await handler.ready;\n'}`;
}
