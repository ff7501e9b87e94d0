// Stands in for the Lambda runtime: loads a file, calls its handler with each event, and passes on what it answers.
import process from 'node:process';

const { handler } = await import(process.argv[2]);

process.on('message', ({ id, event, environment }) => {
  Object.assign(process.env, environment);
  handler(event, { getRemainingTimeInMillis: () => 29_000 }).then(
    (response) => process.send({ id, response }),
    (error) => process.send({ id, error: String(error) }),
  );
});
process.send({ id: 0 });
