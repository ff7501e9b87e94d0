/** Older messages of a conversation are dropped. */
const MAX_MESSAGES = 500;

const roomId = (room) => `room:${room}`;
const personId = (name) => `person:${name.toLowerCase()}`;

/** What the chat knows. Conversations are rooms and people; `current` is the one on screen. */
export class ChatState {
  me = null;
  /** How many are in each room. */
  counts = new Map();
  conversations = new Map();
  current = null;

  get currentId() {
    return this.current?.id ?? null;
  }

  get rooms() {
    return [...this.counts]
      .map(([room, count]) => ({ room, count, conversation: this.conversations.get(roomId(room)) }))
      .sort((a, b) => a.room.localeCompare(b.room));
  }

  get people() {
    return [...this.conversations.values()].filter(({ isRoom }) => !isRoom);
  }

  get joinedRooms() {
    return [...this.conversations.values()].filter(({ isRoom }) => isRoom).map(({ title }) => title);
  }

  get unread() {
    return [...this.conversations.values()].reduce((sum, { unread }) => sum + unread, 0);
  }

  setCounts(rooms) {
    this.counts = new Map(rooms.map(({ room, members }) => [room, members]));
    for (const room of this.joinedRooms) if (!this.counts.has(room)) this.counts.set(room, 0);
  }

  setCount(room, members) {
    this.counts.set(room, members);
  }

  room(room) {
    return this.conversations.get(roomId(room));
  }

  /** The conversation of a room that was joined. */
  enterRoom(room) {
    return this.#conversation(roomId(room), { isRoom: true, title: room });
  }

  person(name) {
    return this.#conversation(personId(name), { isRoom: false, title: name });
  }

  open(conversation) {
    this.current = conversation;
    conversation.unread = 0;
  }

  close(conversation) {
    this.conversations.delete(conversation.id);
    if (this.current === conversation) this.current = null;
  }

  setMembers(conversation, members) {
    conversation.members = members;
  }

  addMember(conversation, name) {
    if (!conversation.members.includes(name)) {
      conversation.members = [...conversation.members, name].sort((a, b) => a.localeCompare(b));
    }
  }

  removeMember(conversation, name) {
    conversation.members = conversation.members.filter((member) => member !== name);
  }

  /** Adds a message or, without a sender, a line about what happened. */
  add(conversation, { from = null, text, at = Date.now() }) {
    const message = { from, text, at, isOwn: from === this.me };
    conversation.messages.push(message);
    if (conversation.messages.length > MAX_MESSAGES) conversation.messages.shift();
    if (from !== null && !message.isOwn && (conversation !== this.current || document.hidden)) conversation.unread++;
    return message;
  }

  #conversation(id, { isRoom, title }) {
    const known = this.conversations.get(id);
    if (known !== undefined) return known;
    const conversation = { id, isRoom, title, members: [], messages: [], unread: 0, draft: '' };
    this.conversations.set(id, conversation);
    return conversation;
  }
}
