import { fileURLToPath } from 'node:url';
import { FunctionProcess } from '../support/function.process.js';

const ENTRY = fileURLToPath(new URL('../../sample-app/dist/lambda.js', import.meta.url));

/** The sample application's Lambda entry, as it was built. */
export type LambdaProcess = FunctionProcess<{ readonly statusCode: number; readonly body: string }>;

export function startLambda(environment: Readonly<Record<string, string>>): Promise<LambdaProcess> {
  return FunctionProcess.start(ENTRY, environment);
}
