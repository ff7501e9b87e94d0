import type { WebSocketAuthorizer } from '../protocol/events.js';
import { randomToken } from '../stores/random.token.js';
import type { Authenticated } from './authenticated.js';

/** A message that authenticates its connection. */
export interface Attempt {
  /** Two messages of one user at one time would be alike without it, and the ledger would take one for a repetition of the other. */
  readonly id: string;
  /** When it has come to nothing if nobody heard of it until then (epoch ms). */
  readonly endsAt: number;
}

/** What is remembered of a connection that was let in. */
export interface AdmissionState {
  readonly endpoint: string | null;
  /** `null` for a client that nobody has authenticated. */
  readonly userId: string | null;
  readonly authorizer: WebSocketAuthorizer | null;
  /** When the authentication ends (epoch ms), `null` for never. */
  readonly expiresAt: number | null;
  /** When the connection is closed for want of an authentication (epoch ms), `null` for never. */
  readonly dueAt: number | null;
  /** The client may send nothing but its authentication. */
  readonly isPending: boolean;
  /** What a connection is being opened by; nothing else opens it until that has ended. */
  readonly attempt?: Attempt;
}

export function authenticatedState(
  endpoint: string | null,
  { userId, authorizer, expiresAt }: Authenticated,
  graceMs: number,
): AdmissionState {
  const dueAt = expiresAt === null ? null : expiresAt + graceMs;
  return { endpoint, userId, authorizer, expiresAt, dueAt, isPending: false };
}

export function anonymousState(endpoint: string | null, userId: string | null): AdmissionState {
  return { endpoint, userId, authorizer: null, expiresAt: null, dueAt: null, isPending: false };
}

/** What the store remembers of a connection that the ledger has lost: the user, and nothing else that its authorizer said. */
export function recalledState(endpoint: string | null, userId: string | null): AdmissionState {
  const authorizer = userId === null ? null : { principalId: userId, userId };
  return { ...anonymousState(endpoint, userId), authorizer };
}

export function pendingState(endpoint: string | null, dueAt: number | null): AdmissionState {
  return { endpoint, userId: null, authorizer: null, expiresAt: null, dueAt, isPending: true };
}

export function openingState(pending: AdmissionState, userId: string | null, endsAt: number): AdmissionState {
  return { ...pending, userId, attempt: { id: randomToken(), endsAt } };
}

export function encodeState(state: AdmissionState): string {
  return JSON.stringify(state);
}

/** Written by {@link encodeState}, under keys that no client can write. */
export function decodeState(text: string | null): AdmissionState | null {
  return text === null ? null : (JSON.parse(text) as AdmissionState);
}
