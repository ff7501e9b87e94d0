import { randomBytes } from 'node:crypto';
import { WebSocket } from 'ws';
import {
  WebSocketClient,
  type PresenceSubscription,
  type WebSocketClientError,
  type WelcomeMessage,
} from '../../src/client/index.js';
import { Inbox } from '../support/gateway-inbox.js';

/** Takes the certificate of the tests, as browsers take one that they know. */
class TrustingWebSocket extends WebSocket {
  constructor(url: string, protocols: string[] = []) {
    super(url, protocols, { rejectUnauthorized: false });
  }
}

export interface Said {
  readonly text: string;
  readonly from: string | undefined;
}

/** What somebody hears in a room. */
export interface Seat {
  readonly room: PresenceSubscription;
  readonly said: Inbox<Said>;
  readonly came: Inbox<string>;
  readonly went: Inbox<string>;
  /** What was answered to attempts to get in that failed. */
  readonly refusals: Inbox<string>;
}

const guests: Guest[] = [];

/** Ends the connections of all guests; call it after each test. */
export function dismissGuests(): void {
  for (const { client } of guests.splice(0)) client.close();
}

/** Somebody in the chat, without a page: a client of the package. */
export class Guest {
  /** The private messages that they were sent. */
  readonly direct = new Inbox<{ readonly from: string; readonly text: string }>();

  private constructor(
    readonly client: WebSocketClient,
    readonly key: string,
    readonly id: string,
    readonly welcome: unknown,
  ) {
    guests.push(this);
    client.onData((frame) => {
      const message = frame as { type?: string; from: string; text: string };
      if (message.type === 'direct') this.direct.push({ from: message.from, text: message.text });
    });
  }

  /** @param key what proves who they are; a new one where there is none */
  static async enter(urls: readonly string[], name: string, key = randomBytes(16).toString('hex')): Promise<Guest> {
    const client = new WebSocketClient({
      urls,
      WebSocket: TrustingWebSocket,
      token: () => `${name}:${key}`,
      reconnect: { minDelayMs: 100, maxDelayMs: 500 },
    });
    const welcomes = new Inbox<WelcomeMessage>();
    client.onWelcome(welcomes.push);
    client.connect();
    const { data } = await welcomes.next();
    return new Guest(client, key, (data as { userId: string }).userId, data);
  }

  /** Begins to enter a channel. */
  approach(channel: string, data?: unknown): Seat {
    const room = this.client.join(channel, { history: 100, data });
    const seat = {
      room,
      said: new Inbox<Said>(),
      came: new Inbox<string>(),
      went: new Inbox<string>(),
      refusals: new Inbox<string>(),
    };
    room.onMessage(({ data, from }) => seat.said.push({ text: (data as { text: string }).text, from }));
    room.onJoining(({ id }) => seat.came.push(id));
    room.onLeaving(({ id }) => seat.went.push(id));
    room.onStatus((_, error) => error !== undefined && seat.refusals.push(error.code));
    return seat;
  }

  async ask<Reply>(event: string, data?: unknown): Promise<Reply> {
    return (await this.client.request(event, data)) as Reply;
  }

  async join(channel: string, data?: unknown): Promise<Seat> {
    const seat = this.approach(channel, data);
    await seat.room.ready;
    return seat;
  }
}

export async function say({ room }: Seat, text: unknown, event = 'said'): Promise<void> {
  await room.publish({ text }, { event });
}

/** What a request is refused with; `null` for nothing. */
export async function refusalOf(request: Promise<unknown>): Promise<string | null> {
  try {
    await request;
    return null;
  } catch (error) {
    return (error as WebSocketClientError).code;
  }
}

/** Waits for an item in an inbox, whatever else is there. */
export async function arrived<Item>(inbox: Inbox<Item>, isIt: (item: Item) => boolean): Promise<void> {
  while (!inbox.all.some(isIt)) await inbox.until(inbox.all.length + 1);
}
