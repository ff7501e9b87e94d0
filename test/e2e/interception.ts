import type { BrowserContext, BrowserContextOptions, WebSocketRoute } from 'playwright-core';

/** Done to a browser before it opens the page. */
type Preparation = (context: BrowserContext) => Promise<unknown>;

export interface Visit extends BrowserContextOptions {
  readonly prepare?: Preparation;
}

/** What API Gateway answers when the integration of a route failed. */
export const SERVER_ERROR = '{"message": "Internal server error", "connectionId":"A=", "requestId":"B="}';

const WEB_SOCKETS = /\/ws(\?|$)/;

/** Keeps messages that contain `part` from the server, and hands them to `instead` with the ways on and back. */
export function intercept(
  part: string,
  instead: (pass: () => void, answer: (frame: string) => void, message: string) => void,
): Preparation {
  return (context) =>
    context.routeWebSocket(WEB_SOCKETS, (socket) => {
      const server = socket.connectToServer();
      socket.onMessage((message) => {
        const text = String(message);
        const pass = (): void => server.send(text);
        if (text.includes(part)) instead(pass, (frame) => socket.send(frame), text);
        else pass();
      });
    });
}

/** A way to the server that can be cut and mended. */
export class Cable {
  private readonly sockets = new Set<WebSocketRoute>();
  private isCut = false;

  readonly lay: Preparation = (context) =>
    context.routeWebSocket(WEB_SOCKETS, async (socket) => {
      if (this.isCut) {
        await socket.close({ code: 1012 });
        return;
      }
      this.sockets.add(socket);
      socket.connectToServer();
    });

  async cut(): Promise<void> {
    this.isCut = true;
    // "Service restart": a page comes back at once, again and again.
    for (const socket of this.sockets) await socket.close({ code: 1012 });
    this.sockets.clear();
  }

  mend(): void {
    this.isCut = false;
  }
}

/** Writes the addresses of the WebSocket into the pages that are loaded, as one who deploys them does. */
export function pointTo(urls: readonly string[]): Preparation {
  return (context) =>
    context.addInitScript(`
      new MutationObserver((_, observer) => {
        const meta = document.querySelector('meta[name="chat-gateway"]');
        if (meta === null) return;
        meta.content = ${JSON.stringify(urls.join(', '))};
        observer.disconnect();
      }).observe(document, { childList: true, subtree: true });
    `);
}

/** Has every use of the session's storage throw, as it does where the browser forbids it. */
export const forbidStorage: Preparation = (context) =>
  context.addInitScript(
    "Object.defineProperty(window, 'sessionStorage', { get() { throw new DOMException('Denied', 'SecurityError'); } });",
  );
