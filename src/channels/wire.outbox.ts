import { monotonicNow, type Clock } from '../contracts/clock.js';
import type { Recipient } from '../contracts/connection.store.js';
import { PayloadTooLargeError } from '../errors/payload-too-large.error.js';
import type { MessageSender } from '../fanout/message.sender.js';
import type { PartMessage, ServerMessage, SubscribedMessage, WireMember } from '../protocol/wire/server.messages.js';
import { WireRefusal } from './wire.refusal.js';

const encoder = new TextEncoder();

/** What a list costs beside its items, and one item beside its text: `,"messages":[]` and a comma. */
const LIST_BYTES = 16;

/** How long a client may be busy with the parts before, and how often it is tried: at first, and at most. */
const PATIENCE_MS = 10_000;
const FIRST_TRY_MS = 10;
const LONGEST_TRY_MS = 250;

/** A `subscribed` whose lists may not fit into it. */
export interface Lists {
  /** The JSON of each. */
  readonly messages?: readonly string[] | undefined;
  readonly members?: readonly WireMember[] | undefined;
}

/** Posts messages of the protocol to the connection that they answer: nothing needs to be looked up for it. */
export class WireOutbox {
  constructor(
    private readonly sender: MessageSender,
    private readonly maxPayloadBytes: number,
    private readonly clock: Clock,
  ) {}

  /** Resolves whether the gateway took it. */
  post(to: Recipient, message: ServerMessage): Promise<boolean> {
    return this.sender.sendToOne(to, message, 'protocol');
  }

  /**
   * Posts a reply with its lists, and before it the parts that do not fit into it, as fast as the client takes them. A part that was not taken ends it:
   * behind the reply nobody would see that it is missing.
   *
   * @throws WireRefusal `unavailable`
   */
  async postWithLists(to: Recipient, reply: SubscribedMessage, { messages, members }: Lists): Promise<void> {
    const { id, channel } = reply;
    const part: PartMessage = { type: 'part', ...(id !== undefined && { id }), channel };
    const head = { part: JSON.stringify(part), reply: JSON.stringify(reply) };
    const lists = new Map<string, readonly string[]>();
    if (messages !== undefined) lists.set('messages', messages);
    if (members !== undefined)
      lists.set(
        'members',
        members.map((member) => JSON.stringify(member)),
      );
    let hasParts = false;
    for (const { text, isPart } of this.cut(head, lists)) {
      hasParts ||= isPart;
      const payload = encoder.encode(text);
      if (!hasParts) await this.sender.sendToOne(to, payload, 'protocol');
      else if (!(await this.postInTurn(to, payload)) && isPart)
        throw new WireRefusal('unavailable', 'A part of the answer could not be delivered.');
    }
  }

  /** Posts one of many: more than may wait for a client at once. */
  private async postInTurn(to: Recipient, payload: Uint8Array): Promise<boolean> {
    const until = monotonicNow(this.clock) + PATIENCE_MS;
    const target = { method: 'protocol' as const, connectionIds: [to.connectionId] };
    for (let waitMs = FIRST_TRY_MS; ; waitMs = Math.min(2 * waitMs, LONGEST_TRY_MS)) {
      const { delivered, throttled } = await this.sender.deliver({ recipients: [[to]], target }, payload);
      if (throttled === 0) return delivered === 1;
      if (monotonicNow(this.clock) + waitMs > until) return false;
      await new Promise<void>((resolve) => void this.clock.after(waitMs, resolve));
    }
  }

  /** The parts and, last, the reply. Each has as much as fits. */
  private *cut(
    head: { readonly part: string; readonly reply: string },
    lists: ReadonlyMap<string, readonly string[]>,
  ): Generator<{ readonly text: string; readonly isPart: boolean }> {
    const total = sum([...lists.values()].map((items) => LIST_BYTES + sum(items.map(bytesOf))));
    if (Buffer.byteLength(head.reply) + total <= this.maxPayloadBytes) {
      yield { text: withLists(head.reply, lists), isPart: false };
      return;
    }
    for (const [name, items] of lists) {
      for (const page of this.pages(items, Buffer.byteLength(head.part) + LIST_BYTES)) {
        yield { text: withLists(head.part, new Map([[name, page]])), isPart: true };
      }
    }
    yield { text: withLists(head.reply, new Map([...lists.keys()].map((name) => [name, []]))), isPart: false };
  }

  private *pages(items: readonly string[], overheadBytes: number): Generator<readonly string[]> {
    let page: string[] = [];
    let bytes = overheadBytes;
    for (const item of items) {
      const size = bytesOf(item);
      if (overheadBytes + size > this.maxPayloadBytes) {
        throw new PayloadTooLargeError(overheadBytes + size, this.maxPayloadBytes);
      }
      if (bytes + size > this.maxPayloadBytes) {
        yield page;
        page = [];
        bytes = overheadBytes;
      }
      page.push(item);
      bytes += size;
    }
    if (page.length > 0) yield page;
  }
}

function withLists(head: string, lists: ReadonlyMap<string, readonly string[]>): string {
  const texts = [...lists].map(([name, items]) => `,"${name}":[${items.join(',')}]`);
  return `${head.slice(0, -1)}${texts.join('')}}`;
}

function bytesOf(text: string): number {
  return Buffer.byteLength(text) + 1;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
