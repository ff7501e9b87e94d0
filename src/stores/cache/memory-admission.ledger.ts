import {
  AdmissionLedger,
  type AdmissionEntry,
  type AdmissionRequest,
  type AdmissionResult,
} from '../../contracts/admission.ledger.js';
import type { Clock } from '../../contracts/clock.js';

interface Entry {
  readonly state: string;
  readonly groups: ReadonlySet<string>;
  readonly until: number;
  readonly dueAt: number | null;
}

/** The connections of one process. */
export class MemoryAdmissionLedger extends AdmissionLedger {
  // Whoever was let in or extended last is at the end: what has expired is, as a rule, in front.
  private readonly entries = new Map<string, Entry>();
  private readonly groups = new Map<string, Set<string>>();

  constructor(private readonly clock: Clock) {
    super();
  }

  async admit(request: AdmissionRequest): Promise<AdmissionResult> {
    const { connectionId, state, until, dueAt, replaces } = request;
    this.expire();
    const entry = this.entryOf(connectionId);
    if (replaces !== undefined && entry?.state !== replaces && entry?.state !== state) return { status: 'changed' };
    const full = request.groups.find(({ name, max }) => !this.hasRoom(name, max, connectionId));
    if (full !== undefined) return { status: 'full', group: full.name };
    const groups = new Set([...(entry?.groups ?? []), ...request.groups.map(({ name }) => name)]);
    this.put(connectionId, { state, groups, until, dueAt });
    return { status: 'admitted' };
  }

  async find(connectionId: string): Promise<string | null> {
    return this.entryOf(connectionId)?.state ?? null;
  }

  async extend(connectionIds: readonly string[], until: number): Promise<readonly string[]> {
    return connectionIds.filter((connectionId) => {
      const entry = this.entryOf(connectionId);
      if (entry !== undefined) this.put(connectionId, { ...entry, until });
      return entry === undefined;
    });
  }

  async release(connectionId: string): Promise<string | null> {
    const state = this.entryOf(connectionId)?.state ?? null;
    this.drop(connectionId);
    return state;
  }

  async overdue(limit: number): Promise<readonly AdmissionEntry[]> {
    this.expire();
    const now = this.clock.now();
    return [...this.entries]
      .filter(([, { dueAt, until }]) => dueAt !== null && dueAt <= now && until > now)
      .sort(([, a], [, b]) => (a.dueAt ?? 0) - (b.dueAt ?? 0))
      .slice(0, limit)
      .map(([connectionId, { state }]) => ({ connectionId, state }));
  }

  private entryOf(connectionId: string): Entry | undefined {
    const entry = this.entries.get(connectionId);
    return entry !== undefined && entry.until > this.clock.now() ? entry : undefined;
  }

  private put(connectionId: string, entry: Entry): void {
    this.entries.delete(connectionId);
    this.entries.set(connectionId, entry);
    for (const name of entry.groups) {
      const members = this.groups.get(name);
      if (members === undefined) this.groups.set(name, new Set([connectionId]));
      else members.add(connectionId);
    }
  }

  private hasRoom(name: string, max: number, connectionId: string): boolean {
    const members = this.groups.get(name);
    if (members === undefined || members.size < max || members.has(connectionId)) return max > 0;
    return false;
  }

  private drop(connectionId: string): void {
    const entry = this.entries.get(connectionId);
    this.entries.delete(connectionId);
    for (const name of entry?.groups ?? []) {
      const members = this.groups.get(name);
      members?.delete(connectionId);
      if (members?.size === 0) this.groups.delete(name);
    }
  }

  private expire(): void {
    const now = this.clock.now();
    for (const [connectionId, { until }] of this.entries) {
      if (until > now) break;
      this.drop(connectionId);
    }
  }
}
