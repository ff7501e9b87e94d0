import { Logger } from '@nestjs/common';
import type { EventEmitter2 } from '@nestjs/event-emitter';

type Listener = (...args: unknown[]) => unknown;

/**
 * Emits the package's events on the application's emitter and waits until every listener has finished.
 *
 * `emitAsync` is not enough here: it rejects with the first failure while other listeners still run, which a Lambda would freeze
 * in the middle, and a listener that throws synchronously keeps the ones behind it from being called at all.
 */
export class EventPublisher {
  private readonly logger = new Logger('WebSocket');
  private resolved: EventEmitter2 | undefined;

  /** @param findEmitter answers with the emitter to use; asked once, at the first event, when every module is up */
  constructor(private readonly findEmitter: () => EventEmitter2) {}

  /** The emitter that events go to. */
  get emitter(): EventEmitter2 {
    return (this.resolved ??= this.findEmitter());
  }

  /**
   * Resolves to the first value, other than `undefined`, that a listener returned.
   *
   * @throws what a listener threw, after all of them have finished; an `AggregateError` when several did
   */
  async publish(event: string, payload: object): Promise<unknown> {
    const outcomes: unknown[] = [];
    const errors: unknown[] = [];
    // All are started before any is awaited, as emitAsync does.
    for (const call of this.calls(event, payload)) {
      try {
        outcomes.push(call());
      } catch (error) {
        errors.push(error);
      }
    }
    let answer: unknown;
    for (const outcome of outcomes) {
      try {
        const value = await outcome;
        if (answer === undefined) answer = value;
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 1) throw new AggregateError(errors, `${errors.length} listeners of "${event}" failed.`);
    if (errors.length === 1) throw errors[0];
    return answer;
  }

  /** Tells listeners about something that is already done. What they throw is logged, for there is nobody to answer to. */
  async notify(event: string, payload: object): Promise<void> {
    try {
      await this.publish(event, payload);
    } catch (error) {
      this.logger.error(`A listener of ${JSON.stringify(event)} failed.`, stackOf(error));
    }
  }

  private calls(event: string, payload: object): (() => unknown)[] {
    const emitter = this.emitter as EventEmitter2 & { event?: string };
    // EventEmitter2 sets this before it calls; wildcard listeners read it.
    emitter.event = event;
    const listeners = (emitter.listeners(event) as Listener[]).map((listener) => () => listener.call(emitter, payload));
    const any = (emitter.listenersAny() as Listener[]).map((listener) => () => listener.call(emitter, event, payload));
    return [...any, ...listeners];
  }
}

/** The stack of anything that was thrown, for a log line. */
export function stackOf(error: unknown): string {
  if (error instanceof AggregateError) return [error.stack ?? error.message, ...error.errors.map(stackOf)].join('\n');
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
