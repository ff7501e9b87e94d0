import { MalformedEventError } from '../errors/malformed-event.error.js';
import { StoreUnavailableError } from '../errors/store-unavailable.error.js';
import type { LogCode } from '../logging/log.codes.js';
import type { Log } from '../logging/log.js';
import { OutageLog } from '../logging/outage.log.js';
import { Responses, type WebSocketResponse } from '../protocol/response.js';

/** What is refused comes from outside: past this many the log has said enough. */
const MAX_SAID = 100;

/** The answers to events that could not be handled, and what the log says of them. */
export class EventRefusals {
  private readonly said = new Set<string>();
  private readonly outages: OutageLog;

  constructor(
    private readonly log: Log,
    clock: { now(): number },
  ) {
    this.outages = new OutageLog(log, clock, 'store.unavailable', 'An event could not be handled');
  }

  /** The answer to a message that takes a route which must not exist. */
  ofRoute(routeKey: string, connectionId: string): WebSocketResponse {
    const route = JSON.stringify(routeKey);
    this.sayOnce(
      'route.reserved',
      `The route ${route} is refused: its event is reserved, and a client could raise it. Rename the route.`,
      connectionId,
    );
    return Responses.malformed(400, `The route ${route} is reserved.`);
  }

  /** The answer to an event whose handling failed. */
  of(error: unknown, connectionId: string | undefined): WebSocketResponse {
    if (error instanceof MalformedEventError) {
      this.sayOnce('event.refused', error.reason, connectionId);
      return Responses.malformed(error.statusCode, error.reason);
    }
    if (!(error instanceof StoreUnavailableError)) {
      this.log.error('event.failed', 'An event could not be handled.', { connectionId, error });
      return Responses.internalError;
    }
    this.outages.tell(error, connectionId);
    return Responses.unavailable;
  }

  private sayOnce(code: LogCode, message: string, connectionId: string | undefined): void {
    if (this.said.has(message) || this.said.size >= MAX_SAID) return;
    this.said.add(message);
    this.log.error(code, message, { connectionId });
  }
}
