import { AnswerBox, type AnswerResult, type ClientAnswer } from '../../contracts/answer.box.js';
import { decodeName, encodeName } from '../encoded-name.js';
import { AnswerScripts } from './answer.scripts.js';
import type { RunScript } from './redis-broadcast.ledger.js';

/** How many answers a step reads. */
const READ_AT_ONCE = 500;

/** Answers of clients in Redis, which drops them when the time for them is over. */
export class RedisAnswerBox extends AnswerBox {
  constructor(private readonly run: RunScript) {
    super();
  }

  async open(questionId: string, ttlMs: number): Promise<void> {
    await this.run(AnswerScripts.open, encodeName(questionId), String(ttlMs));
  }

  async put(questionId: string, { connectionId, answer }: ClientAnswer): Promise<AnswerResult> {
    const names = [questionId, connectionId].map(encodeName);
    return (await this.run(AnswerScripts.put, ...names, answer)) as AnswerResult;
  }

  async read(questionId: string, from: number): Promise<readonly ClientAnswer[]> {
    const name = encodeName(questionId);
    const found: ClientAnswer[] = [];
    for (;;) {
      const first = from + found.length;
      const range = [first, first + READ_AT_ONCE - 1].map(String);
      const entries = (await this.run(AnswerScripts.read, name, ...range)) as string[];
      for (const entry of entries) {
        const blank = entry.indexOf(' ');
        found.push({ connectionId: decodeName(entry.slice(0, blank)), answer: entry.slice(blank + 1) });
      }
      if (entries.length < READ_AT_ONCE) return found;
    }
  }

  async close(questionId: string): Promise<void> {
    await this.run(AnswerScripts.close, encodeName(questionId));
  }
}
