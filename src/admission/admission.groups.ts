import type { AdmissionGroup, AdmissionResult } from '../contracts/admission.ledger.js';
import type { AdmissionRules } from './admission.rules.js';
import { clientOf } from './ip.address.js';
import { Refusal } from './refusal.js';

const ALL = 'all';

/** When a client that found no room may ask again. */
const RETRY_AFTER_MS = 10_000;

type Limits = Pick<AdmissionRules, 'maxConnections' | 'maxConnectionsPerUser' | 'maxConnectionsPerIp'>;

/** The groups that a connection is counted in: a client's own first, so that it hears of its own limit rather than of everyone's. */
export function groupsOf(limits: Limits, userId: string | null, sourceIp: string): AdmissionGroup[] {
  const { maxConnections, maxConnectionsPerUser, maxConnectionsPerIp } = limits;
  const groups: AdmissionGroup[] = [];
  if (maxConnectionsPerUser !== null && userId !== null) {
    groups.push({ name: `user:${userId}`, max: maxConnectionsPerUser });
  }
  if (maxConnectionsPerIp !== null) groups.push({ name: `ip:${clientOf(sourceIp)}`, max: maxConnectionsPerIp });
  if (maxConnections !== null) groups.push({ name: ALL, max: maxConnections });
  return groups;
}

export function refusalOf(result: AdmissionResult): Refusal | null {
  if (result.status === 'admitted') return null;
  if (result.status === 'changed') return new Refusal(409);
  return new Refusal(result.group === ALL ? 503 : 429, RETRY_AFTER_MS);
}
