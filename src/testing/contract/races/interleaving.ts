import { AsyncLocalStorage } from 'node:async_hooks';
import type { Choose } from './schedule.search.js';
import { promisesAtRest, type Wire } from './wire.js';

/** One of several callers that run at once. */
export interface Actor {
  readonly name: string;
  readonly run: () => Promise<unknown>;
}

export interface InterleavingOptions {
  /** All begin before the first request is answered, so that beginning is no step of its own. */
  readonly beginsAtOnce?: boolean;
  /**
   * The answer to a request is a step of its own: others may go on after the backend has answered and before the actor knows. That makes a
   * difference only to actors that share a store, and in it what they wait for.
   */
  readonly answersTravel?: boolean;
  /** @default 5_000, longer than any request takes */
  readonly hangsAfterMs?: number;
}

interface Step {
  readonly actor: number;
  readonly name: string;
  readonly take: () => Promise<void> | void;
}

/** Whose request it is. One for all: each more would slow down every promise. */
const actorOfRequest = new AsyncLocalStorage<number>();

const HANGS_AFTER_MS = 5_000;

/**
 * Actors that run at once, one request at a time: whenever all of them wait, `choose` says whose turn it is to begin, or to have the
 * answer to a request.
 */
export class Interleaving {
  /** What each actor resolved to. */
  readonly answers: unknown[];
  /** `0<1` where actor 0 had its answer before the first step of actor 1. */
  readonly order: string[] = [];
  /** Who did what, one line each. */
  readonly schedule: string[] = [];
  private readonly begun = new Set<number>();
  private readonly finished = new Set<number>();
  private readonly waiting: Step[] = [];
  private failure: { readonly cause: unknown } | undefined;

  constructor(
    private readonly actors: readonly Actor[],
    private readonly options: InterleavingOptions = {},
  ) {
    this.answers = actors.map(() => undefined);
  }

  /**
   * Resolves when all have their answers. Rejects when one of them does, when none gets any further, and when a request is left over after the
   * last answer: nobody waits for it, and a Lambda freezes.
   */
  async run(wire: Wire, choose: Choose): Promise<void> {
    wire.intercept((request, perform) => this.hold(request, perform));
    this.actors.forEach(({ name, run }, actor) => {
      const begin = (): void => this.begin(actor, run);
      if (this.options.beginsAtOnce) begin();
      else this.waiting.push({ actor, name: `${name} begins`, take: begin });
    });
    try {
      await this.takeSteps(choose);
    } catch (cause) {
      throw this.explained(cause);
    } finally {
      wire.intercept(null);
    }
  }

  /** The error, and the order of steps that led to it. */
  explained(cause: unknown): Error {
    const steps = this.schedule.map((step) => `  ${step}\n`).join('');
    return new Error(`${(cause as Error).message}\nThis was the order of steps:\n${steps}`, { cause });
  }

  private async takeSteps(choose: Choose): Promise<void> {
    for (let atRestSince = Date.now(); ;) {
      await promisesAtRest();
      if (this.failure !== undefined) throw this.failure.cause;
      if (this.finished.size === this.actors.length) break;
      if (this.waiting.length > 0) {
        await this.take(choose(this.waiting.map(({ actor }) => actor)));
        atRestSince = Date.now();
      } else if (Date.now() - atRestSince > (this.options.hangsAfterMs ?? HANGS_AFTER_MS)) {
        throw new Error('No request is under way, and still not everyone has an answer.');
      }
    }
    if (this.waiting.length === 0) return;
    throw new Error(`Everyone has an answer, and nobody waits for ${this.waiting.map(({ name }) => name).join(', ')}.`);
  }

  private async take(choice: number): Promise<void> {
    const [{ actor, name, take }] = this.waiting.splice(choice, 1) as [Step];
    if (!this.begun.has(actor)) this.order.push(...[...this.finished].map((before) => `${before}<${actor}`));
    this.begun.add(actor);
    this.schedule.push(name);
    await take();
  }

  private begin(actor: number, run: () => Promise<unknown>): void {
    const running = actorOfRequest.run(actor, run);
    void running
      .then(
        (answer) => (this.answers[actor] = answer),
        (cause: unknown) => (this.failure ??= { cause }),
      )
      .finally(() => this.finished.add(actor));
  }

  private hold(request: string, perform: () => Promise<unknown>): Promise<unknown> {
    const actor = actorOfRequest.getStore() ?? -1;
    const name = `${this.actors[actor]?.name ?? 'nobody'}: ${request}`;
    return new Promise((resolve, reject) => {
      const take = async (): Promise<void> => {
        const answer = perform();
        await Promise.allSettled([answer]);
        const deliver = (): void => void answer.then(resolve, reject);
        if (this.options.answersTravel) this.waiting.push({ actor, name: `answer to ${name}`, take: deliver });
        else deliver();
      };
      this.waiting.push({ actor, name, take });
    });
  }
}
