import process from 'node:process';

/**
 * The other end of a `Child`: answers each question with one message, an error with its stack, and ends when nobody asks any more.
 *
 * @param answer gets a question, and resolves with the message
 * @param greeting the first message, sent at once
 */
export function answerEach(answer, greeting) {
  process.on('message', (question) => {
    answer(question).then(
      (message) => process.send(message),
      (error) => process.send({ error: error.stack }),
    );
  });
  process.on('disconnect', () => process.exit());
  process.send(greeting);
}

/** The same where `ask` says which of these functions answers; it gets the rest of the question. */
export function answerByName(questions, greeting) {
  answerEach(({ ask, ...details }) => questions[ask](details), greeting);
}
