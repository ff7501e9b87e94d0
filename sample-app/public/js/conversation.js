/** Older messages of a conversation are dropped. */
const MAX_MESSAGES = 500;

/** What is on screen in the middle: lines, what is on its way, and what is being written. Fires `change`, and `line` with each new one. */
export class Conversation extends EventTarget {
  /** `joining`, `full` (and trying again), or `open`. */
  state = 'joining';
  /** `{ from, text, at, isOwn }`; without `from` a line about what happened. */
  lines = [];
  /** Own messages that have not come back: `{ ref, text }`. */
  pending = [];
  unread = 0;
  draft = '';
  /** Their ids. */
  members = [];
  /** Who is typing, by their ids. */
  typing = new Set();

  constructor(id, title) {
    super();
    this.id = id;
    this.title = title;
  }

  /** @param isNews whether it counts as unread where nobody looks */
  add({ from = null, text, at = Date.now(), isOwn = false }, isNews = true) {
    const line = { from, text, at, isOwn };
    this.lines.push(line);
    if (this.lines.length > MAX_MESSAGES) this.lines.shift();
    if (isNews && from !== null && !isOwn && !this.isWatched) this.unread++;
    this.dispatchEvent(new CustomEvent('line', { detail: line }));
    this.changed();
  }

  /** Says what happened. */
  tell(text) {
    this.add({ text });
  }

  wait(ref, text) {
    this.pending.push({ ref, text });
    this.changed();
  }

  /** It came back, or never will. */
  settle(ref) {
    this.pending = this.pending.filter((message) => message.ref !== ref);
    this.changed();
  }

  changed() {
    this.dispatchEvent(new CustomEvent('change'));
  }

  /** Whether somebody looks at it; the page says so. */
  isWatched = false;

  watch(isWatched) {
    this.isWatched = isWatched;
    if (isWatched) this.unread = 0;
  }
}
