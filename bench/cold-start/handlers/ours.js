import { answeringHandler } from './answering.handler.js';

export const handler = answeringHandler();
