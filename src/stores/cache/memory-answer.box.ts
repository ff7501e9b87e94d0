import { AnswerBox, type AnswerResult, type ClientAnswer } from '../../contracts/answer.box.js';
import type { Clock } from '../../contracts/clock.js';
import { ExpiringMap } from './expiring.map.js';

interface Question {
  until: number;
  readonly answered: Set<string>;
  readonly answers: ClientAnswer[];
}

/** The questions of one process. */
export class MemoryAnswerBox extends AnswerBox {
  private readonly questions = new ExpiringMap<Question>(({ until }) => until <= this.clock.now());

  constructor(private readonly clock: Clock) {
    super();
  }

  async open(questionId: string, ttlMs: number): Promise<void> {
    const until = this.clock.now() + ttlMs;
    const question = this.questions.get(questionId);
    if (question === undefined) this.questions.set(questionId, { until, answered: new Set(), answers: [] });
    else question.until = until;
  }

  async put(questionId: string, { connectionId, answer }: ClientAnswer): Promise<AnswerResult> {
    const question = this.questions.get(questionId);
    if (question === undefined) return 'closed';
    if (question.answered.has(connectionId)) return 'again';
    question.answered.add(connectionId);
    question.answers.push({ connectionId, answer });
    return 'taken';
  }

  async read(questionId: string, from: number): Promise<readonly ClientAnswer[]> {
    return this.questions.get(questionId)?.answers.slice(from) ?? [];
  }

  async close(questionId: string): Promise<void> {
    this.questions.delete(questionId);
  }
}
