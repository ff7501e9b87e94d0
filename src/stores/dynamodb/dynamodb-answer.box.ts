import { AnswerBox, type AnswerResult, type ClientAnswer } from '../../contracts/answer.box.js';
import type { Clock } from '../../contracts/clock.js';
import type { Fields } from './attribute.values.js';
import type { DynamoDbTable } from './dynamodb.table.js';
import { secondsOf, TTL_SLACK_MS } from './lifetime.js';
import type { TableKeys } from './table.keys.js';
import type { ItemKey, TableRequests } from './table.requests.js';
import { randomToken } from '../random.token.js';

/** So many connections that answered are in one item: with ids of API Gateway below 1 KB, hence one write unit. */
const LINES_PER_SHEET = 40;

/** Sorts in front of the sheets of every round, whose names start with a letter. */
const QUESTION = '0';

const SHEET_DIGITS = 6;

/** A question that takes answers. */
interface Question {
  /** Made up when it is opened, so that one that is opened once more knows nothing of the answers to the first. */
  readonly round: string;
  readonly expiresAt: number;
  /** A sheet that was begun: the last, or one before it. */
  readonly sheet: number;
}

/**
 * Answers to questions, in the table of a store: an item for what each connection answers, one for the question, and sheets with the connections
 * in the order in which they answered, forty on each.
 *
 * An answer is given by its item, which the first of a connection writes, and counts once it stands on a sheet; who finds an answer that stands on none puts
 * it there. A line is added by one write, so those who answer at once do not wait for each other, and a sheet is begun only when the one
 * before it is full, so what was read stays where it is.
 */
export class DynamoDbAnswerBox extends AnswerBox {
  constructor(
    private readonly table: DynamoDbTable,
    private readonly keys: TableKeys,
    private readonly clock: Clock,
  ) {
    super();
  }

  async open(questionId: string, ttlMs: number): Promise<void> {
    const round = randomToken();
    const key = this.questionKey(questionId);
    await this.table.run('open a question', async (requests) => {
      for (;;) {
        const now = this.clock.now();
        const expiresAt = now + ttlMs;
        const times = { expiresAt, ttl: secondsOf(expiresAt) };
        const isNew = 'attribute_not_exists(#pk) OR #expiresAt <= :now';
        if (await requests.put({ ...key, round, sheet: 0, ...times }, isNew, { values: { now } })) return;
        const before = await requests.update(key, {
          update: 'SET #expiresAt = :expiresAt, #ttl = :ttl',
          condition: '#expiresAt > :now',
          values: { ...times, now },
        });
        if (before !== null) return;
      }
    });
  }

  put(questionId: string, { connectionId, answer }: ClientAnswer): Promise<AnswerResult> {
    const token = randomToken();
    let begun: { readonly question: Question; readonly sheet: number } | undefined;
    return this.table.run<AnswerResult>(
      'put an answer in',
      async (requests) => {
        const found = await requests.get(this.questionKey(questionId));
        const question = found === undefined ? null : this.openQuestion(found);
        if (question === null) return 'closed';
        const ttl = secondsOf(question.expiresAt + TTL_SLACK_MS);
        const key = this.keys.answer(questionId, question.round, connectionId);
        const isFirst = await requests.put({ ...key, answer, token, ttl }, 'attribute_not_exists(#pk)', {});
        // Refused, maybe by its own first attempt, whose answer was lost.
        const isOwn = isFirst || (await requests.get(key))?.['token'] === token;
        const sheet = await this.sign(requests, questionId, question, connectionId);
        if (sheet > question.sheet) begun = { question, sheet };
        return isOwn ? 'taken' : 'again';
      },
      async (requests) => {
        if (begun !== undefined) await this.turn(requests, questionId, begun.question, begun.sheet);
      },
    );
  }

  read(questionId: string, from: number): Promise<readonly ClientAnswer[]> {
    return this.table.run('read answers', async (requests) => {
      const items: Fields[] = [];
      let start: ItemKey | undefined;
      do {
        const page = await requests.query(this.keys.question(questionId), {}, start);
        items.push(...page.items);
        start = page.next;
      } while (start !== undefined);
      const header = items.find(({ sk }) => sk === QUESTION);
      const question = header === undefined ? null : this.openQuestion(header);
      if (question === null) return [];
      const ids = linesOf(items, question).slice(from);
      const keys = ids.map((connectionId) => this.keys.answer(questionId, question.round, connectionId));
      const answers = new Map(
        (await requests.getMany(keys, '#sk, #answer')).map(({ sk, answer }) => [sk, answer as string]),
      );
      return ids.flatMap((connectionId, index) => {
        const answer = answers.get(keys[index]?.sk);
        return answer === undefined ? [] : [{ connectionId, answer }];
      });
    });
  }

  async close(questionId: string): Promise<void> {
    await this.table.run('close a question', (requests) =>
      requests.delete(this.questionKey(questionId), 'attribute_exists(#pk)', {}),
    );
  }

  /** Adds a line to the first sheet with room, unless the connection stands on one. Resolves to the sheet's number. */
  private async sign(
    requests: TableRequests,
    questionId: string,
    { round, sheet: first, expiresAt }: Question,
    connectionId: string,
  ): Promise<number> {
    for (let sheet = first; ;) {
      const key = this.sheetKey(questionId, round, sheet);
      const before = await requests.update(key, {
        update: 'SET #lines = list_append(if_not_exists(#lines, :none), :line), #ttl = :ttl',
        condition: 'attribute_not_exists(#lines) OR (size(#lines) < :full AND NOT contains(#lines, :connectionId))',
        values: {
          none: [],
          line: [connectionId],
          connectionId,
          full: LINES_PER_SHEET,
          ttl: secondsOf(expiresAt + TTL_SLACK_MS),
        },
      });
      if (before !== null) return sheet;
      const lines = (await requests.get(key))?.['lines'] as readonly string[] | undefined;
      if (lines?.includes(connectionId) === true) return sheet;
      if (lines !== undefined) sheet++;
    }
  }

  /** Says that a sheet was begun, so that others do not look for room on those before it. */
  private async turn(requests: TableRequests, questionId: string, { round }: Question, sheet: number): Promise<void> {
    await requests.update(this.questionKey(questionId), {
      update: 'SET #sheet = :sheet',
      condition: '#round = :round AND #sheet < :sheet',
      values: { round, sheet },
    });
  }

  private openQuestion(fields: Fields): Question | null {
    const question = fields as Fields & Question;
    return question.expiresAt > this.clock.now() ? question : null;
  }

  private questionKey(questionId: string): ItemKey {
    return { pk: this.keys.question(questionId), sk: QUESTION };
  }

  private sheetKey(questionId: string, round: string, sheet: number): ItemKey {
    const number = String(sheet).padStart(SHEET_DIGITS, '0');
    return { pk: this.keys.question(questionId), sk: `s${round}:${number}` };
  }
}

/** Who answered, in their order. */
function linesOf(items: readonly Fields[], { round }: Question): string[] {
  // Two who put the same answer on a sheet at once may do so at the end of one and at the beginning of the next.
  const lines = new Set<string>();
  for (const { sk, lines: some } of items as readonly (Fields & { readonly sk: string; readonly lines: string[] })[]) {
    if (!sk.startsWith(`s${round}:`)) continue;
    for (const line of some) lines.add(line);
    // It has got full, and the next was begun, since it was read: what is missing here would be in the middle.
    if (some.length < LINES_PER_SHEET) break;
  }
  return [...lines];
}
