const BASE_DELAY_MS = 500;
const MAX_DELAY_MS = 15_000;

/** Close codes that mean that the server ended the connection on purpose. API Gateway can send no other than 1000. */
const FINAL_CODES = new Set([1000, 4000]);

/**
 * A WebSocket that comes back by itself. Fires `status` (`connecting`, `open`, `waiting` or `ended`) and `frame`, each with its value as
 * `detail`: `null` for a frame that is not JSON.
 */
export class Connection extends EventTarget {
  #url;
  #socket;
  #timer;
  #attempts = 0;
  #status = 'connecting';

  constructor(url) {
    super();
    this.#url = url;
    // Back from a tunnel or from sleep: no reason to wait for the timer.
    window.addEventListener('online', () => this.#retryNow());
    document.addEventListener('visibilitychange', () => {
      if (document.visibilityState === 'visible') this.#retryNow();
    });
  }

  get isOpen() {
    return this.#status === 'open';
  }

  open() {
    clearTimeout(this.#timer);
    this.#set('connecting');
    const socket = new WebSocket(this.#url);
    this.#socket = socket;
    socket.addEventListener('open', () => this.#set('open'));
    socket.addEventListener('message', ({ data }) => {
      // Not at `open`: a server that accepts and drops at once is not back.
      this.#attempts = 0;
      this.#emit('frame', parse(data));
    });
    socket.addEventListener('close', ({ code }) => {
      if (socket !== this.#socket) return;
      if (FINAL_CODES.has(code)) this.#set('ended');
      else this.#wait();
    });
  }

  /** Sends a request; tells whether there was a connection to send it on. */
  send(request) {
    if (!this.isOpen) return false;
    this.#socket.send(JSON.stringify(request));
    return true;
  }

  #wait() {
    this.#set('waiting');
    const ceiling = Math.min(MAX_DELAY_MS, BASE_DELAY_MS * 2 ** this.#attempts++);
    // Clients that a restart dropped together must not come back together.
    this.#timer = setTimeout(() => this.open(), ceiling * (0.5 + Math.random() / 2));
  }

  #retryNow() {
    if (this.#status === 'waiting') this.open();
  }

  #set(status) {
    this.#status = status;
    this.#emit('status', status);
  }

  #emit(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}

function parse(data) {
  try {
    return JSON.parse(data);
  } catch {
    return null;
  }
}
