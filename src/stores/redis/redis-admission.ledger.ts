import {
  AdmissionLedger,
  type AdmissionEntry,
  type AdmissionRequest,
  type AdmissionResult,
} from '../../contracts/admission.ledger.js';
import { decodeName, encodeName } from '../encoded-name.js';
import { pagesOf } from '../page.js';
import { AdmissionScripts, EXTEND_AT_ONCE } from './admission.scripts.js';
import type { RunScript } from './redis-broadcast.ledger.js';

/** The connections of all processes that share a Redis: a hash for each, and a sorted set for each group that is counted. */
export class RedisAdmissionLedger extends AdmissionLedger {
  constructor(private readonly run: RunScript) {
    super();
  }

  async admit(request: AdmissionRequest): Promise<AdmissionResult> {
    const { connectionId, groups, state, until, dueAt, replaces } = request;
    const answer = await this.run(
      AdmissionScripts.admit,
      encodeName(connectionId),
      state,
      String(until),
      dueAt === null ? '' : String(dueAt),
      replaces === undefined ? '' : '1',
      replaces ?? '',
      ...groups.flatMap(({ name, max }) => [encodeName(name), max === Infinity ? '' : String(max)]),
    );
    if (answer === 'admitted' || answer === 'changed') return { status: answer };
    return { status: 'full', group: groups[Number(answer)]?.name ?? '' };
  }

  async find(connectionId: string): Promise<string | null> {
    return (await this.run(AdmissionScripts.find, encodeName(connectionId))) as string | null;
  }

  async extend(connectionIds: readonly string[], until: number): Promise<readonly string[]> {
    const missing: string[] = [];
    // One after the other: this is done again and again, and nobody waits for it.
    for (const page of pagesOf(connectionIds, EXTEND_AT_ONCE)) {
      const ids = (await this.run(AdmissionScripts.extend, String(until), ...page.map(encodeName))) as string[];
      missing.push(...ids.map(decodeName));
    }
    return missing;
  }

  async release(connectionId: string): Promise<string | null> {
    return (await this.run(AdmissionScripts.release, encodeName(connectionId))) as string | null;
  }

  async overdue(limit: number): Promise<readonly AdmissionEntry[]> {
    const found = (await this.run(AdmissionScripts.overdue, String(limit))) as string[];
    return [...pagesOf(found, 2)].map(([id = '', state = '']) => ({ connectionId: decodeName(id), state }));
  }
}
