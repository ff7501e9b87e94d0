// Stands in for the Lambda runtime: imports the entry as it was built, calls its handler with each event, and passes on what it answers.
import process from 'node:process';
import { handler } from '../../sample-app/dist/lambda.js';

process.on('message', ({ id, event, environment }) => {
  Object.assign(process.env, environment);
  handler(event).then(
    (response) => process.send({ id, response }),
    (error) => process.send({ id, error: String(error) }),
  );
});
process.send({ id: 0 });
