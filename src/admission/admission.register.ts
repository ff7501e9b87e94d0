import type {
  AdmissionEntry,
  AdmissionGroup,
  AdmissionLedger,
  AdmissionResult,
} from '../contracts/admission.ledger.js';
import { MAX_DELAY_MS, type CancelTask, type Clock } from '../contracts/clock.js';
import type { Log } from '../logging/log.js';
import { Closes, type Close } from '../protocol/close-codes.js';
import { ApiGatewayLimits } from '../protocol/limits.js';
import { pagesOf } from '../stores/page.js';
import { decodeState, encodeState, type AdmissionState } from './admission.state.js';

/** For how long the places of connections whose sockets this process holds are kept without a word from it. */
export const LEASE_MS = 30_000;

/** How often it gives that word. */
const RENEW_EVERY_MS = 10_000;

/** API Gateway ends every connection after two hours; its `$disconnect` may never come. */
const REMOTE_LIFETIME_MS = ApiGatewayLimits.connectionSeconds * 1_000 + 300_000;

/** When a socket that was not open yet is looked at again. */
const LOOK_AGAIN_MS = 1_000;

/** How many overdue connections a clean-up asks for at once. */
const SWEEP_PAGE = 100;

/** So many are closed at the same time: a gateway that does not answer takes seconds for each. */
const CLOSED_AT_ONCE = 10;

/** With so many that cannot be closed a clean-up gives up: it asks the ledger for all of them with every page. */
const MAX_LEFT = 10_000;

/** A connection whose socket this process holds. */
interface Held {
  readonly groups: readonly AdmissionGroup[];
  readonly state: AdmissionState;
  readonly cancel: CancelTask | undefined;
}

/** Closes a connection; resolves `false` when that cannot be done now: it is not open yet, or its gateway does not answer. */
export type CloseConnection = (connectionId: string, endpoint: string | null, how: Close) => Promise<boolean>;

/**
 * Who was let in, in the ledger and, for sockets that this process holds, beside it: those it need not look up, it closes them when their time comes, and
 * keeps their places as long as it lives.
 */
export class AdmissionRegister {
  private readonly held = new Map<string, Held>();
  private cancelRenewal: CancelTask | undefined;
  private isClosed = false;

  constructor(
    private readonly ledger: () => AdmissionLedger,
    private readonly clock: Clock,
    private readonly close: CloseConnection,
    private readonly log: Log,
  ) {}

  /** @param previous the state that it must have by now, `null` for whatever it has */
  async admit(
    connectionId: string,
    groups: readonly AdmissionGroup[],
    state: AdmissionState,
    isHeld: boolean,
    previous: AdmissionState | null = null,
  ): Promise<AdmissionResult> {
    const result = await this.ledger().admit({
      connectionId,
      groups,
      state: encodeState(state),
      until: this.clock.now() + (isHeld ? LEASE_MS : REMOTE_LIFETIME_MS),
      dueAt: state.dueAt,
      ...(previous !== null && { replaces: encodeState(previous) }),
    });
    if (!isHeld || result.status !== 'admitted') return result;
    const before = this.held.get(connectionId);
    if (previous !== null && before === undefined) {
      // It ended while the ledger was asked.
      await this.ledger().release(connectionId);
      return { status: 'changed' };
    }
    const names = new Set(groups.map(({ name }) => name));
    this.hold(connectionId, [...groups, ...(before?.groups ?? []).filter(({ name }) => !names.has(name))], state);
    return result;
  }

  /** What is remembered of a connection. */
  async find(connectionId: string, isHeld: boolean): Promise<AdmissionState | null> {
    if (isHeld) return this.held.get(connectionId)?.state ?? null;
    return decodeState(await this.ledger().find(connectionId));
  }

  /** Forgets a connection and frees its places. Resolves what was remembered of it. */
  async release(connectionId: string): Promise<AdmissionState | null> {
    const held = this.held.get(connectionId);
    held?.cancel?.();
    this.held.delete(connectionId);
    if (held === undefined) return decodeState(await this.ledger().release(connectionId));
    // Whatever becomes of the ledger, the connection is over; its places are free again when their lease ends.
    await this.ledger()
      .release(connectionId)
      .catch(() => null);
    return held.state;
  }

  /**
   * Closes what no process has a timer for and whose time has come; what cannot be closed now is left for the next time. Resolves how many were closed.
   */
  async sweep(): Promise<number> {
    const left = new Set<string>();
    let closed = 0;
    for (;;) {
      // Those that are left are first in line again: more is asked for than there are of them.
      const found = await this.ledger().overdue(SWEEP_PAGE + 2 * left.size);
      const fresh = found.filter(({ connectionId }) => !left.has(connectionId));
      if (fresh.length === 0) return closed;
      for (const page of pagesOf(fresh, CLOSED_AT_ONCE)) {
        const ended = await Promise.all(page.map((entry) => this.endOverdue(entry)));
        for (const [index, { connectionId }] of page.entries()) {
          if (ended[index] === true) closed++;
          else left.add(connectionId);
        }
      }
      if (left.size >= MAX_LEFT) return closed;
    }
  }

  /** Closes a connection, as one whose time has come unless `how` says otherwise, and forgets it. */
  async end(
    connectionId: string,
    { endpoint, isPending }: AdmissionState,
    how = isPending ? Closes.authenticationTimeout : Closes.authenticationExpired,
  ): Promise<boolean> {
    const isClosed = await this.close(connectionId, endpoint, how);
    if (isClosed) await this.release(connectionId);
    return isClosed;
  }

  stop(): void {
    this.isClosed = true;
    this.cancelRenewal?.();
    for (const { cancel } of this.held.values()) cancel?.();
    this.held.clear();
  }

  private async endOverdue({ connectionId, state: text }: AdmissionEntry): Promise<boolean> {
    const state = decodeState(text);
    return state !== null && !this.held.has(connectionId) && (await this.end(connectionId, state));
  }

  private hold(connectionId: string, groups: readonly AdmissionGroup[], state: AdmissionState): void {
    if (this.isClosed) return;
    this.held.get(connectionId)?.cancel?.();
    const cancel = state.dueAt === null ? undefined : this.closeLater(connectionId, state, state.dueAt);
    this.held.set(connectionId, { groups, state, cancel });
    if (this.held.size === 1) this.renewLater();
  }

  private closeLater(connectionId: string, state: AdmissionState, dueAt: number): CancelTask {
    const delayMs = Math.min(Math.max(0, dueAt - this.clock.now()), MAX_DELAY_MS);
    return this.clock.after(delayMs, () => void this.closeIfDue(connectionId, state, dueAt));
  }

  private async closeIfDue(connectionId: string, state: AdmissionState, dueAt: number): Promise<void> {
    // A token ends by the clock on the wall; how long a client has to authenticate itself does not change when that is set.
    const isDue = state.isPending || this.clock.now() >= dueAt;
    const isClosed = isDue && (await this.end(connectionId, state).catch(() => false));
    const held = this.held.get(connectionId);
    // Not open yet, or the store is away; unless it was refreshed meanwhile.
    if (isClosed || held === undefined || held.state !== state) return;
    const cancel = this.closeLater(connectionId, state, isDue ? this.clock.now() + LOOK_AGAIN_MS : dueAt);
    this.held.set(connectionId, { ...held, cancel });
  }

  private renewLater(): void {
    this.cancelRenewal?.();
    this.cancelRenewal = this.clock.after(RENEW_EVERY_MS, () => {
      void this.renew().then(() => {
        if (this.held.size > 0 && !this.isClosed) this.renewLater();
      });
    });
  }

  private async renew(): Promise<void> {
    try {
      const missing = await this.ledger().extend([...this.held.keys()], this.clock.now() + LEASE_MS);
      for (const connectionId of missing) await this.restore(connectionId);
    } catch {
      this.log.warn('admission.lease-failed', 'The places of open connections could not be renewed: the store failed.');
    }
  }

  /** Puts a connection back that the ledger has lost. It is open, so it counts, whatever the limit. */
  private async restore(connectionId: string): Promise<void> {
    const held = this.held.get(connectionId);
    if (held === undefined) return;
    const groups = held.groups.map(({ name }) => ({ name, max: Infinity }));
    await this.ledger().admit({
      connectionId,
      groups,
      state: encodeState(held.state),
      until: this.clock.now() + LEASE_MS,
      dueAt: held.state.dueAt,
    });
    if (!this.held.has(connectionId)) await this.ledger().release(connectionId);
  }
}
