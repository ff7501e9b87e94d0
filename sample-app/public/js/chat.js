import { WebSocketClient } from './client.js';
import { callOf, meet } from './people.js';
import { Room } from './room.js';
import { Thread } from './thread.js';

const ROOM = 'presence-room.';
const PRIVATE = 'presence-private.';
const MAX_DELAY_MS = 15_000;

export const roomEntry = (room) => ({ channel: ROOM + room, title: room });

/** How to enter a private room; `null` for what is no invitation. Whether it is a true one, the server knows. */
export function invitedEntry(invitation) {
  try {
    const [room, title] = invitation.split('.');
    const bytes = Uint8Array.from(atob(title.replace(/-/g, '+').replace(/_/g, '/')), (char) => char.codePointAt(0));
    return { channel: PRIVATE + room, title: new TextDecoder().decode(bytes), invitation };
  } catch {
    return null;
  }
}

/**
 * The chat: one connection, the rooms that were joined, and the people written to. Fires `status` as the client does, `welcome` at the first connection,
 * `change`, `closed` with a room and the error that ended it, and `line` with a conversation and its new line.
 */
export class Chat extends EventTarget {
  #client;
  me = null;
  /** How many people are in each room that is on the list. */
  counts = new Map();
  conversations = new Map();

  constructor(urls, { name, key }) {
    super();
    this.#client = new WebSocketClient({
      urls,
      token: () => `${name}:${key}`,
      reconnect: { minDelayMs: 500, maxDelayMs: MAX_DELAY_MS },
    });
    this.#client.onStatus((event) => this.#emit('status', event));
    this.#client.onWelcome(({ data }) => this.#welcome(data));
    this.#client.onData((frame) => this.#received(frame));
    this.#client.subscribe('rooms').on('count', ({ room, people }) => this.#counted(room, people));
  }

  get isConnected() {
    return this.#client.status === 'connected';
  }

  get rooms() {
    return [...this.conversations.values()].filter((conversation) => conversation instanceof Room);
  }

  get threads() {
    return [...this.conversations.values()].filter((conversation) => conversation instanceof Thread);
  }

  get unread() {
    return [...this.conversations.values()].reduce((sum, { unread }) => sum + unread, 0);
  }

  connect() {
    this.#client.connect();
  }

  close() {
    this.#client.close();
  }

  join(entry) {
    const known = this.conversations.get(entry.channel);
    if (known !== undefined) return known;
    const room = new Room(this.#client, this.me, entry);
    room.addEventListener('closed', ({ detail: error }) => {
      this.conversations.delete(room.id);
      this.#emit('closed', { room, error });
    });
    return this.#add(room);
  }

  /** Makes a private room and joins it. Rejects when the server makes none. */
  async create(title) {
    const { invitation, problem } = await this.#client.request('private-room', { title });
    if (problem !== undefined) throw new Error('A room cannot be called that.');
    return this.join(invitedEntry(invitation));
  }

  thread(userId) {
    return this.conversations.get(userId) ?? this.#add(new Thread(this.#client, this.me, userId));
  }

  leave(conversation) {
    conversation.leave();
    this.conversations.delete(conversation.id);
    this.#emit('change');
  }

  #add(conversation) {
    this.conversations.set(conversation.id, conversation);
    conversation.addEventListener('change', () => this.#emit('change'));
    conversation.addEventListener('line', ({ detail: line }) => this.#emit('line', { conversation, line }));
    this.#emit('change');
    return conversation;
  }

  #welcome({ userId, rooms }) {
    const isFirst = this.me === null;
    this.me = userId;
    meet(userId);
    this.counts = new Map(rooms.map(({ room, people }) => [room, people]));
    if (isFirst) this.#emit('welcome');
    this.#emit('change');
  }

  #counted(room, people) {
    this.counts.set(room, people);
    this.#emit('change');
  }

  #received(frame) {
    if (frame?.type !== 'direct') return;
    const { from, to, text, timestamp } = frame;
    const isOwn = from === this.me;
    meet(from);
    const thread = this.thread(isOwn ? to : from);
    thread.title = callOf(thread.id);
    thread.add({ from, text, at: timestamp, isOwn });
  }

  #emit(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}
