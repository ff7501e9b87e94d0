import type { WebSocketAuthorizer } from '../protocol/events.js';
import type { Authenticated } from './authenticated.js';

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

export function encodeState(state: AdmissionState): string {
  return JSON.stringify(state);
}

/** Written by {@link encodeState}, under keys that no client can write. */
export function decodeState(text: string | null): AdmissionState | null {
  return text === null ? null : (JSON.parse(text) as AdmissionState);
}
