import { COMMONJS, ESM, OURS, OURS_DYNAMODB, SDK, SDK_DYNAMODB } from './arms.js';

const MOST_TIMES = 1.5;
const MOST_KB = 1_000;

/** Each goal, with its limit and the figure that it is judged by. */
export function* goalsOf(samples, forms) {
  for (const [ours, bare] of [
    [OURS, SDK],
    [OURS_DYNAMODB, SDK_DYNAMODB],
  ]) {
    for (const form of [ESM, COMMONJS]) {
      const figure = samples.ratioOf(ours, bare, 'answeredMs', form);
      yield { goal: `${ours}, ${form}, against ${bare}: first event answered`, most: MOST_TIMES, figure };
    }
  }
  for (const { name, form, bytes } of forms) {
    if (name === OURS_DYNAMODB) yield { goal: `${name}, ${form}: KB`, most: MOST_KB, figure: bytes / 1_000, digits: 0 };
  }
}
