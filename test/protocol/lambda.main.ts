// Stands in for the Lambda runtime: one instance of the function, which here is given several events at once as well.
import { handler } from './lambda.application.js';

process.on('message', ({ id, event }: { id: number; event: unknown }) => {
  handler(event).then(
    (response) => process.send?.({ id, response }),
    (error: unknown) => process.send?.({ id, error: String(error) }),
  );
});
process.send?.({ id: 0 });
