/** Connections that are counted together, and how many there may be. */
export interface AdmissionGroup {
  /** Any text, e.g. `ip:192.0.2.1`. */
  readonly name: string;
  /** The most connections that may be in the group; `Infinity` counts them without a limit. */
  readonly max: number;
}

/** A connection that asks to be let in, or that is in already and whose state changes. */
export interface AdmissionRequest {
  readonly connectionId: string;
  /** The groups to be in, beside those that it is in already. */
  readonly groups: readonly AdmissionGroup[];
  /** What to remember of it; the ledger only keeps it. */
  readonly state: string;
  /** When it is forgotten unless it is extended (epoch ms). */
  readonly until: number;
  /** When {@link AdmissionLedger.overdue} is to name it (epoch ms), `null` for never. */
  readonly dueAt: number | null;
  /** Changes something only when this is what is remembered of the connection. */
  readonly replaces?: string;
}

/** `full`: a group had no room, and nothing changed; `changed`: somebody else was faster than `replaces`, and nothing changed. */
export type AdmissionResult =
  | { readonly status: 'admitted' }
  | { readonly status: 'full'; readonly group: string }
  | { readonly status: 'changed' };

/** A connection and what is remembered of it. */
export interface AdmissionEntry {
  readonly connectionId: string;
  readonly state: string;
}

/**
 * Who was let in: how many there are of each group, and what is remembered of each.
 *
 * Each operation is one atomic step however many processes run it at once, may be repeated when its answer got lost, and rejects with
 * `StoreUnavailableError` when the store cannot answer. A connection that nobody extends is forgotten when its time is up, and its places are free.
 */
export abstract class AdmissionLedger {
  /** Lets a connection into all of the groups or into none. One that is in a group already takes no second place in it. */
  abstract admit(request: AdmissionRequest): Promise<AdmissionResult>;

  /** What is remembered of a connection; `null` for one that was not let in, or has been forgotten. */
  abstract find(connectionId: string): Promise<string | null>;

  /** Postpones until when these connections are remembered. Resolves those that are not. */
  abstract extend(connectionIds: readonly string[], until: number): Promise<readonly string[]>;

  /** Forgets a connection and frees its places. Resolves what was remembered of it, `null` when nothing was. */
  abstract release(connectionId: string): Promise<string | null>;

  /** At most `limit` connections whose `dueAt` has come, those that are due longest first. */
  abstract overdue(limit: number): Promise<readonly AdmissionEntry[]>;
}
