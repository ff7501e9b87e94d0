import { randomBytes } from 'node:crypto';
import type { AnswerBox, AnswerResult } from '../contracts/answer.box.js';
import { monotonicNow, type Clock } from '../contracts/clock.js';
import type { ConnectionStore } from '../contracts/connection.store.js';
import type { DeliveryReport } from '../contracts/delivery-report.js';
import { InvalidOptionsError } from '../errors/invalid-options.error.js';
import type { Addressees } from '../fanout/broadcast.request.js';
import { keepingAlive } from '../fanout/keeping-alive.js';
import { emptyMap, type MessageSender, type SendOptions } from '../fanout/message.sender.js';
import type { QuestionMessage } from '../protocol/wire/server.messages.js';
import { Question } from './question.js';

/** How often the store is asked for answers that reached other processes: at first, and at most. */
const FIRST_POLL_MS = 20;
const LONGEST_POLL_MS = 250;

/** How much longer than the asker waits answers are taken, for clocks and stores that are late. */
const GRACE_MS = 5_000;

const QUESTION_ID_BYTES = 16;

/** Everybody's answers are in memory at once. */
const MAX_ANSWER_CHARS = 32_768;

/** What clients answered, and who did not. */
export interface AckReport {
  /** The data of the answers, by connection id. Has no prototype. */
  readonly responses: Readonly<Record<string, unknown>>;
  /** The connections that were selected and gave no answer in time, those that the question did not reach among them. */
  readonly missing: readonly string[];
  /** What became of the question, with the outcome for each connection. */
  readonly delivery: DeliveryReport;
}

export interface QuestionSettings {
  readonly clock: Clock;
  /** How long answers are waited for where the caller does not say. */
  readonly answerTimeoutMs: number;
  /** Whether clients are understood here: without the protocol no answer would ever be seen. */
  readonly isOn: () => boolean;
}

/** Asks clients, and brings their answers together, whichever process they reach. */
export class QuestionService {
  private readonly pending = new Map<string, Question>();

  constructor(
    private readonly store: ConnectionStore,
    private readonly sender: MessageSender,
    private readonly settings: QuestionSettings,
  ) {}

  /**
   * Sends a question, and resolves when everyone whom it reached has answered, or time is up.
   *
   * @throws InvalidOptionsError when the protocol is off, so that nobody could answer
   * @throws PayloadTooLargeError, InvalidPayloadError, StoreUnavailableError before anything is sent
   */
  async ask(to: Addressees, data: unknown, options: SendOptions = {}): Promise<AckReport> {
    const { clock, answerTimeoutMs, isOn } = this.settings;
    if (!isOn()) throw new InvalidOptionsError('channels', 'Answers of clients need the option "channels".');
    const { timeoutMs = answerTimeoutMs, signal } = options;
    const deadline = monotonicNow(clock) + timeoutMs;
    const id = randomBytes(QUESTION_ID_BYTES).toString('base64url');
    const question = new Question(id, clock);
    const box = this.store.answers();
    // Before anybody can know of the question: an answer may be faster than the report of what was sent.
    this.pending.set(id, question);
    try {
      await box?.open(id, timeoutMs + GRACE_MS);
      const message: QuestionMessage = { type: 'request', id, data };
      const delivery = await this.sender.report(to, message, { ...options, timeoutMs, outcomes: true });
      const asked = Object.entries(delivery.outcomes ?? {});
      question.expect(asked.filter(([, { status }]) => status === 'delivered').map(([connectionId]) => connectionId));
      const { answerOf } = this.sender;
      if (answerOf === undefined) await keepingAlive(() => this.untilAnswered(question, box, deadline, signal));
      else await answerAtOnce(question, delivery, (connectionId) => answerOf(connectionId, data));
      return reportOf(question, delivery);
    } finally {
      this.pending.delete(id);
      // Should this fail, the box closes by itself a little later.
      await box?.close(id).catch(() => undefined);
    }
  }

  /**
   * Takes the answer of a client, of at most 32,768 characters of JSON.
   *
   * @param isHeld whether the socket is in this process, so that whatever its client sends comes here
   * @throws StoreUnavailableError when the question may be another process's, or a second answer may reach another, and the store does not answer
   */
  async answer(
    connectionId: string,
    questionId: string,
    data: unknown,
    isHeld: boolean,
  ): Promise<AnswerResult | 'too-large'> {
    const question = this.pending.get(questionId);
    const answer = JSON.stringify(data ?? null);
    if (answer.length > MAX_ANSWER_CHARS) return 'too-large';
    const take = (): AnswerResult => (question?.take({ connectionId, answer }) === true ? 'taken' : 'again');
    if (question !== undefined && isHeld) return take();
    const box = this.store.answers();
    if (box === null) return question === undefined ? 'closed' : take();
    // Of two answers that reach two processes only the store can tell the first.
    const result = await box.put(questionId, { connectionId, answer });
    if (result === 'taken') take();
    return result;
  }

  private async untilAnswered(
    question: Question,
    box: AnswerBox | null,
    deadline: number,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const { clock } = this.settings;
    let pollMs = FIRST_POLL_MS;
    let read = 0;
    while (!question.isAnswered && signal?.aborted !== true) {
      const leftMs = deadline - monotonicNow(clock);
      if (leftMs > 0) await question.change(Math.min(pollMs, leftMs));
      if (question.isAnswered) return;
      // What others have put in is still there when the store comes back; until then those that are missing are missing.
      const answers = (await box?.read(question.id, read).catch(() => [])) ?? [];
      read += answers.length;
      for (const answer of answers) question.take(answer);
      if (leftMs <= 0) return;
      pollMs = Math.min(pollMs * 1.5, LONGEST_POLL_MS);
    }
  }
}

/** Where messages are recorded nobody is there who could answer later. */
async function answerAtOnce(
  question: Question,
  { outcomes = {} }: DeliveryReport,
  answerOf: (connectionId: string) => unknown,
): Promise<void> {
  for (const [connectionId, { status }] of Object.entries(outcomes)) {
    const answer = status === 'delivered' ? await answerOf(connectionId) : undefined;
    if (answer !== undefined) question.take({ connectionId, answer: JSON.stringify(answer) });
  }
}

function reportOf(question: Question, delivery: DeliveryReport): AckReport {
  const responses = emptyMap<unknown>();
  const missing: string[] = [];
  for (const connectionId of Object.keys(delivery.outcomes ?? {})) {
    const answer = question.answerOf(connectionId);
    if (answer === undefined) missing.push(connectionId);
    else responses[connectionId] = JSON.parse(answer);
  }
  return { responses, missing, delivery };
}
