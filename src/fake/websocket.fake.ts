import type { WebSocketManager } from '../websocket.manager.js';
import { beginStandIn, endStandIn, managerWith, type RunningApplication, type StandIn } from '../websocket.running.js';
import { RecordedAssertions } from './recorded.assertions.js';
import { Recording, type SentMessage } from './recording.js';
import { RecordingEngine } from './recording.engine.js';
import { SilentTransport } from './silent.transport.js';
import { standaloneApplication, type FakeOptions } from './standalone.application.js';

/** Decides what a client answers to a question of `sendWithAck`; `undefined` is no answer. */
export type AnswerQuestion = (connectionId: string, question: never) => unknown;

/**
 * What `WebSocket.fake()` returns: records what is sent in place of delivering it, and asserts about it.
 *
 * Results are those of a delivery: `true` for connections that exist, `false` for others. Assertions are about what was asked for: a message to a
 * connection, a user or a channel counts as sent to it, though nobody be there.
 */
export class WebSocketFake extends RecordedAssertions {
  private readonly standIn: StandIn;
  private answer: AnswerQuestion = () => undefined;

  private constructor(options: FakeOptions) {
    super(new Recording());
    const { recording } = this;
    const answerOf = (connectionId: string, question: unknown): unknown => this.answer(connectionId, question as never);
    const engineOf = ({ store, lifecycle }: Pick<RunningApplication, 'store' | 'lifecycle'>): RecordingEngine =>
      new RecordingEngine(store, lifecycle, recording, answerOf);
    const { manager, lifecycle: ownLifecycle } = standaloneApplication(options, engineOf);
    ownLifecycle.recorder = recording;
    this.standIn = {
      manager,
      takeOver: (application) => {
        application.sender.divertTo(engineOf(application));
        application.router.divertTo(new SilentTransport());
        application.lifecycle.recorder = recording;
      },
      giveBack: ({ sender, router, lifecycle }) => {
        sender.divertTo(null);
        router.divertTo(null);
        lifecycle.recorder = null;
      },
    };
  }

  /** @internal Call `WebSocket.fake()`. */
  static begin(options: FakeOptions): WebSocketFake {
    const fake = new WebSocketFake(options);
    beginStandIn(fake.standIn);
    return fake;
  }

  /**
   * The manager that the facade speaks for: of the application that started last or, where none is up, one whose state is in memory, to provide in
   * place of an application's.
   */
  get manager(): WebSocketManager {
    return managerWith(this.standIn);
  }

  /** What was sent, in the order in which it was. */
  get sent(): readonly SentMessage[] {
    return [...this.recording.sent];
  }

  /** Delivers again. There is nothing to do where `WebSocket.fake()` was called once more, or every application has closed. */
  restore(): void {
    endStandIn(this.standIn);
  }

  [Symbol.dispose](): void {
    this.restore();
  }

  /** Forgets what was recorded until now. Who is connected, and where, stays. */
  clear(): void {
    this.recording.clear();
  }

  /** Has clients answer `sendWithAck`. Without it nobody answers, and nobody is waited for. */
  answerQuestions(answer: AnswerQuestion): void {
    this.answer = answer;
  }
}
