import type { AckReport, QuestionService } from './channels/question.service.js';
import type { ConnectionStore, Recipient } from './contracts/connection.store.js';
import type { LocalRecipients } from './contracts/local.recipients.js';
import type { DeliveryReport } from './contracts/delivery-report.js';
import type { Addressees, RecipientPage, SendMethod } from './fanout/broadcast.request.js';
import type { MessageSender, SendOptions } from './fanout/message.sender.js';
import { isChannelName, normalizeUserId, type UserId } from './protocol/name.js';

/** Who a message goes to. */
interface Selected {
  /** `null` until a step names some: no channel is nobody, no word of channels is everybody. */
  readonly channels: readonly string[] | null;
  readonly userIds: readonly UserId[] | null;
  readonly except: readonly string[];
  /** `null` for the default of what is done with the selection. */
  readonly timeoutMs: number | null;
}

/**
 * Recipients chosen step by step: the members of any of the channels and the connections of any of the users, without the exceptions.
 * Where neither `to` nor `toUser` was called it is everyone; `to()` with an empty list is nobody. Each step returns a new selection, so
 * one can be kept and reused.
 *
 * @example
 * await manager.to('news').toUser(42).except(sender).send({ title: 'Hello' });
 */
export class WebSocketSelection {
  constructor(
    private readonly store: ConnectionStore,
    private readonly sender: MessageSender,
    private readonly questions: QuestionService,
    private readonly selected: Selected = { channels: null, userIds: null, except: [], timeoutMs: null },
  ) {}

  /** Adds the members of these channels. */
  to(...channels: readonly string[]): WebSocketSelection {
    return this.with({ channels: [...(this.selected.channels ?? []), ...channels] });
  }

  /** Adds the connections of these users. */
  toUser(...userIds: readonly UserId[]): WebSocketSelection {
    return this.with({ userIds: [...(this.selected.userIds ?? []), ...userIds] });
  }

  /** Leaves these connections out, however they were selected. */
  except(...connectionIds: readonly string[]): WebSocketSelection {
    return this.with({ except: [...this.selected.except, ...connectionIds] });
  }

  /** Says how long `send` may take, and how long `sendWithAck` waits for answers, in milliseconds. */
  timeout(timeoutMs: number): WebSocketSelection {
    return this.with({ timeoutMs });
  }

  /**
   * Sends `data`, as JSON, to everyone selected, each connection once.
   *
   * @throws PayloadTooLargeError, InvalidPayloadError before anything is sent
   * @throws StoreUnavailableError when the store cannot tell who is selected; a node of a cluster reaches its own sockets then, and reports `partial`
   */
  send(data: unknown, options?: SendOptions): Promise<DeliveryReport> {
    return this.sender.report(this.addressees('send'), data, this.timed(options));
  }

  /**
   * Asks everyone selected, by a `request` message of the protocol, and waits for their answers: until the last has come, at most
   * `timeout()` (the option `channels.answerTimeoutMs` by default). Made for some hundreds of connections, whose answers are all in memory.
   *
   * @throws InvalidOptionsError when the protocol is off (option `channels`), so that nobody could answer
   * @throws PayloadTooLargeError, InvalidPayloadError, StoreUnavailableError before anything is sent
   *
   * @example
   * const { responses, missing } = await manager.to('room.1').timeout(2_000).sendWithAck({ question: 'Ready?' });
   */
  sendWithAck(data: unknown, options?: SendOptions): Promise<AckReport> {
    return this.questions.ask(this.addressees('sendWithAck'), data, this.timed(options));
  }

  private addressees(method: SendMethod): Addressees {
    const { channels, userIds, except } = this.selected;
    return {
      recipients: this.recipients(),
      locally: (local: LocalRecipients) => this.recipientsAmong(local),
      target: { method, ...(channels !== null && { channels }), ...(userIds !== null && { userIds }), except },
    };
  }

  private timed(options: SendOptions = {}): SendOptions {
    const { timeoutMs } = this.selected;
    return timeoutMs === null ? options : { timeoutMs, ...options };
  }

  private with(change: Partial<Selected>): WebSocketSelection {
    return new WebSocketSelection(this.store, this.sender, this.questions, { ...this.selected, ...change });
  }

  private async *recipients(): AsyncGenerator<RecipientPage> {
    const isWanted = this.filter();
    for await (const page of this.everySelected()) yield isWanted(page);
  }

  private async *everySelected(): AsyncGenerator<RecipientPage> {
    const { store } = this;
    for (const channel of this.channels()) yield* store.recipients(channel);
    for (const userId of this.userIds()) yield await store.connectionsOfUser(userId);
  }

  /** The same, without the store. */
  private *recipientsAmong(local: LocalRecipients): Generator<RecipientPage> {
    const isWanted = this.filter();
    for (const channel of this.channels()) for (const page of local.recipients(channel)) yield isWanted(page);
    for (const userId of this.userIds()) yield isWanted(local.ofUser(userId));
  }

  /** The channels to send to; `null` for everyone. */
  private channels(): readonly (string | null)[] {
    const { channels, userIds } = this.selected;
    if (channels === null) return userIds === null ? [null] : [];
    return channels.filter(isChannelName);
  }

  private userIds(): string[] {
    return (this.selected.userIds ?? []).map(normalizeUserId).filter((userId) => userId !== null);
  }

  private filter(): (page: RecipientPage) => RecipientPage {
    const except = new Set(this.selected.except);
    if (except.size === 0) return (page) => page;
    return (page) => (page as (string | Recipient)[]).filter((item) => !except.has(idOf(item))) as RecipientPage;
  }
}

function idOf(recipient: string | Recipient): string {
  return typeof recipient === 'string' ? recipient : recipient.connectionId;
}
