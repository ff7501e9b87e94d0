import type { Recipient } from '../contracts/connection.store.js';
import { PayloadTooLargeError } from '../errors/payload-too-large.error.js';
import type { MessageSender } from '../fanout/message.sender.js';
import type { PartMessage, ServerMessage, SubscribedMessage, WireMember } from '../protocol/wire/server.messages.js';

const encoder = new TextEncoder();

/** What a list costs beside its items, and one item beside its text: `,"messages":[]` and a comma. */
const LIST_BYTES = 16;

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
  ) {}

  /** Resolves whether the gateway took it. */
  post(to: Recipient, message: ServerMessage): Promise<boolean> {
    return this.sender.sendToOne(to, message, 'protocol');
  }

  /** Posts a reply with its lists, and before it the parts that do not fit into it. */
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
    for (const text of this.cut(head, lists)) await this.sender.sendToOne(to, encoder.encode(text), 'protocol');
  }

  /** The texts of the parts and, last, of the reply. Each has as much as fits. */
  private *cut(
    head: { readonly part: string; readonly reply: string },
    lists: ReadonlyMap<string, readonly string[]>,
  ): Generator<string> {
    const total = sum([...lists.values()].map((items) => LIST_BYTES + sum(items.map(bytesOf))));
    if (Buffer.byteLength(head.reply) + total <= this.maxPayloadBytes) {
      yield withLists(head.reply, lists);
      return;
    }
    for (const [name, items] of lists) {
      for (const page of this.pages(items, Buffer.byteLength(head.part) + LIST_BYTES)) {
        yield withLists(head.part, new Map([[name, page]]));
      }
    }
    yield withLists(head.reply, new Map([...lists.keys()].map((name) => [name, []])));
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
