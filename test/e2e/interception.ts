import type { BrowserContext, BrowserContextOptions } from 'playwright-core';

/** Done to a browser before it opens the page. */
type Preparation = (context: BrowserContext) => Promise<unknown>;

export interface Visit extends BrowserContextOptions {
  readonly prepare?: Preparation;
}

/** What API Gateway answers when the integration of a route failed. */
export const SERVER_ERROR = '{"message": "Internal server error", "connectionId":"A=", "requestId":"B="}';

/** Keeps messages that contain `part` from the server, and hands them to `instead` with the ways on and back. */
export function intercept(
  part: string,
  instead: (pass: () => void, answer: (frame: string) => void) => void,
): Preparation {
  return (context) =>
    context.routeWebSocket(/\/ws$/, (socket) => {
      const server = socket.connectToServer();
      socket.onMessage((message) => {
        const pass = (): void => server.send(message);
        if (String(message).includes(part)) instead(pass, (frame) => socket.send(frame));
        else pass();
      });
    });
}

/** Has every use of the session's storage throw, as it does where the browser forbids it. */
export const forbidStorage: Preparation = (context) =>
  context.addInitScript(
    "Object.defineProperty(window, 'sessionStorage', { get() { throw new DOMException('Denied', 'SecurityError'); } });",
  );
