import type { ConnectionLifecycle } from '../../connections/connection.lifecycle.js';
import type { ConnectionEnd } from '../../connections/lifecycle.observers.js';
import type { DeliveryAttempt, DeliveryOutcome, OutgoingMessage } from '../../contracts/connection.transport.js';
import type { NodeRequest } from '../../transports/cluster/bus.message.js';
import type { LocalTransport } from '../../transports/local/local.transport.js';

/** How long messages are written at a stretch: everything else waits for as long. */
const SLICE_MS = 4;

/** After how many sockets the time is looked at. */
const LOOK_AFTER = 64;

/** One message to sockets of this process. */
interface Writing {
  readonly ids: readonly string[];
  readonly message: OutgoingMessage;
  readonly outcomes: DeliveryOutcome[];
  readonly done: (outcomes: readonly DeliveryOutcome[]) => void;
}

const ALIVE: DeliveryOutcome = Object.freeze({ status: 'delivered' });
const GONE: DeliveryOutcome = Object.freeze({ status: 'gone', reason: 'gone' });

/** Does with this process's sockets what other nodes ask for, in the order in which they asked. */
export class NodeRequests {
  private readonly writings: Writing[] = [];
  private lastWriting: Promise<unknown> = Promise.resolve();
  private isWriting = false;

  constructor(
    private readonly transport: LocalTransport,
    private readonly lifecycle: ConnectionLifecycle,
  ) {}

  async serve(request: NodeRequest): Promise<readonly DeliveryAttempt[]> {
    if (request.type === 'send') return this.write(request.ids, { payload: request.payload });
    await this.lastWriting;
    if (request.type === 'ask')
      return request.ids.map((id) => (this.transport.isAlive(this.targetOf(id)) ? ALIVE : GONE));
    const { code, reason } = request;
    return Promise.all(request.ids.map((id) => this.close(id, { cause: 'server', code, reason })));
  }

  private write(ids: readonly string[], message: OutgoingMessage): Promise<readonly DeliveryOutcome[]> {
    const writing = new Promise<readonly DeliveryOutcome[]>((done) => {
      this.writings.push({ ids, message, outcomes: [], done });
      if (!this.isWriting) this.work();
    });
    this.lastWriting = writing;
    return writing;
  }

  private work(): void {
    this.isWriting = true;
    const until = performance.now() + SLICE_MS;
    for (let writing = this.writings[0]; writing !== undefined; writing = this.writings[0]) {
      const { ids, message, outcomes, done } = writing;
      while (outcomes.length < ids.length) {
        outcomes.push(this.transport.deliver(this.targetOf(ids[outcomes.length] as string), message));
        if (outcomes.length % LOOK_AFTER === 0 && performance.now() > until) {
          setImmediate(() => this.work());
          return;
        }
      }
      this.writings.shift();
      done(outcomes);
    }
    this.isWriting = false;
  }

  private close(connectionId: string, end: ConnectionEnd & { code: number; reason: string }): Promise<DeliveryOutcome> {
    return this.lifecycle.whileClosing(connectionId, end, async () => {
      const outcome = await this.transport.close(this.targetOf(connectionId), end);
      // Told to the store before whoever asked hears of it: by then the connection has ended for everybody.
      if (outcome.status === 'delivered') await this.lifecycle.endQuietly(connectionId, end).catch(() => false);
      return outcome;
    });
  }

  private targetOf(connectionId: string): { readonly connectionId: string; readonly endpoint: string } {
    return { connectionId, endpoint: this.transport.endpoint };
  }
}
