import type { EventEmitter2 } from '@nestjs/event-emitter';
import { Log } from '../logging/log.js';
import { nameEvent } from './heard.event.js';
import type { MessageEvent, WebSocketEventMap } from './websocket-events.js';

type Listener = (...args: unknown[]) => unknown;

const NO_CALLS: readonly (() => unknown)[] = Object.freeze([]);

/** The payload of an event; that of a custom route is a message's. */
type PayloadOf<Name extends string> = Name extends keyof WebSocketEventMap ? WebSocketEventMap[Name] : MessageEvent;

/**
 * Emits the package's events on the application's emitter and waits until every listener has finished.
 *
 * `emitAsync` is not enough here: it rejects with the first failure while other listeners still run, which a Lambda would freeze
 * in the middle, and a listener that throws synchronously keeps the ones behind it from being called at all.
 */
export class EventPublisher {
  private resolved: EventEmitter2 | undefined;

  /** @param findEmitter answers with the emitter to use; asked once, at the first event, when every module is up */
  constructor(
    private readonly findEmitter: () => EventEmitter2,
    private readonly log = new Log(),
  ) {}

  /** The emitter that events go to. */
  get emitter(): EventEmitter2 {
    return (this.resolved ??= this.findEmitter());
  }

  /**
   * Resolves to the first value, other than `undefined`, that a listener returned.
   *
   * @throws what a listener threw, after all of them have finished; an `AggregateError` when several did
   */
  async publish<Name extends string>(event: Name, payload: PayloadOf<Name>): Promise<unknown> {
    const calls = this.calls(event, payload);
    nameEvent(payload, event);
    // One alone has no others to be kept from: its failure is the answer.
    if (calls.length <= 1) return calls[0]?.();
    // All are started before any is awaited, as emitAsync does; one that throws at once is a rejection like another.
    const settled = await Promise.allSettled(calls.map(async (call) => call()));
    let answer: unknown;
    const errors: unknown[] = [];
    for (const outcome of settled) {
      if (outcome.status === 'rejected') errors.push(outcome.reason);
      else if (answer === undefined) answer = outcome.value;
    }
    if (errors.length > 1) throw new AggregateError(errors, `${errors.length} listeners of "${event}" failed.`);
    if (errors.length === 1) throw errors[0];
    return answer;
  }

  /** Whether anything would be called for an event: a listener of its name, of a pattern that matches it, or of every event. */
  hasListeners(event: keyof WebSocketEventMap): boolean {
    try {
      const { emitter } = this;
      return emitter.listenersAny().length > 0 || emitter.listeners(event).length > 0;
    } catch {
      // There is no emitter before every module is up, so there are no listeners either.
      return false;
    }
  }

  /** Tells listeners about something that is already done. What they throw is logged, for there is nobody to answer to. */
  async notify<Name extends string>(event: Name, payload: PayloadOf<Name>): Promise<void> {
    try {
      await this.publish(event, payload);
    } catch (error) {
      const { connectionId } = payload as { readonly connectionId?: string };
      this.log.error('listener.failed', `A listener of ${JSON.stringify(event)} failed.`, { connectionId, error });
    }
  }

  private calls(event: string, payload: object): readonly (() => unknown)[] {
    const emitter = this.emitter as EventEmitter2 & { event?: string };
    const any = emitter.listenersAny() as Listener[];
    const own = emitter.listeners(event) as Listener[];
    if (any.length === 0 && own.length === 0) return NO_CALLS;
    // EventEmitter2 sets this before it calls; wildcard listeners read it.
    emitter.event = event;
    return [
      ...any.map((listener) => () => listener.call(emitter, event, payload)),
      ...own.map((listener) => () => listener.call(emitter, payload)),
    ];
  }
}
