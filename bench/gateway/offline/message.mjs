import process from 'node:process';
import { post } from './post.js';

const { ENDPOINT, ANSWERS_BY } = process.env;

/** Answers with what came, by the route's response or by a request to its endpoint. */
export async function handle({ requestContext: { connectionId }, body }) {
  const answer = JSON.stringify(JSON.parse(body));
  if (ANSWERS_BY === 'response') return { statusCode: 200, body: answer };
  await post(ENDPOINT, connectionId, answer);
  return { statusCode: 200 };
}
