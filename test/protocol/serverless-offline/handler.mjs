export { handler } from '../lambda.application.ts';
