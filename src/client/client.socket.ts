/** What the client uses of a WebSocket: browsers, Node from version 22 on, and `ws` have it. */
export interface ClientSocket {
  onopen: ((event: never) => void) | null;
  onmessage: ((event: never) => void) | null;
  onclose: ((event: never) => void) | null;
  onerror: ((event: never) => void) | null;
  send(text: string): void;
  close(code?: number, reason?: string): void;
}

/** The constructor of a WebSocket: the browser's, or that of `ws`. */
export type ClientSocketConstructor = new (url: string, protocols?: string[]) => ClientSocket;
