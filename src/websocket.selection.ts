import type { ConnectionStore, Recipient } from './contracts/connection.store.js';
import type { DeliveryReport } from './contracts/delivery-report.js';
import type { RecipientPage } from './fanout/broadcast.request.js';
import type { MessageSender, SendOptions } from './fanout/message.sender.js';
import { isChannelName, normalizeUserId, type UserId } from './protocol/name.js';

/** Who a message goes to. */
interface Selected {
  /** `null` until a step names some: no channel is nobody, no word of channels is everybody. */
  readonly channels: readonly string[] | null;
  readonly userIds: readonly UserId[] | null;
  readonly except: readonly string[];
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
    private readonly selected: Selected = { channels: null, userIds: null, except: [] },
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

  /**
   * Sends `data`, as JSON, to everyone selected, each connection once.
   *
   * @throws PayloadTooLargeError, InvalidPayloadError before anything is sent
   * @throws StoreUnavailableError when the store cannot tell who is selected
   */
  send(data: unknown, options?: SendOptions): Promise<DeliveryReport> {
    return this.sender.report(this.recipients(), data, options);
  }

  private with(change: Partial<Selected>): WebSocketSelection {
    return new WebSocketSelection(this.store, this.sender, { ...this.selected, ...change });
  }

  private async *recipients(): AsyncGenerator<RecipientPage> {
    const except = new Set(this.selected.except);
    for await (const page of this.everySelected()) {
      yield except.size === 0
        ? page
        : ((page as (string | Recipient)[]).filter((item) => !except.has(idOf(item))) as RecipientPage);
    }
  }

  private async *everySelected(): AsyncGenerator<RecipientPage> {
    const { store } = this;
    const { channels, userIds } = this.selected;
    if (channels === null && userIds === null) yield* store.recipients(null);
    for (const channel of channels ?? []) if (isChannelName(channel)) yield* store.recipients(channel);
    for (const id of userIds ?? []) {
      const userId = normalizeUserId(id);
      if (userId !== null) yield await store.connectionsOfUser(userId);
    }
  }
}

function idOf(recipient: string | Recipient): string {
  return typeof recipient === 'string' ? recipient : recipient.connectionId;
}
