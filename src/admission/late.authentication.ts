import type { Clock } from '../contracts/clock.js';
import type { ParsedEvent } from '../protocol/event.parser.js';
import { Closes } from '../protocol/close-codes.js';
import { ApiGatewayLimits } from '../protocol/limits.js';
import type { WebSocketResponse } from '../protocol/response.js';
import { groupsOf, refusalOf } from './admission.groups.js';
import type { AdmissionRegister } from './admission.register.js';
import type { AdmissionRules, AuthenticationRequest } from './admission.rules.js';
import { authenticatedState, openingState, type AdmissionState } from './admission.state.js';
import type { Authenticated } from './authenticated.js';
import type { Authenticator } from './authenticator.js';
import { withAuthorizer } from './parsed.event.js';
import { Refusal } from './refusal.js';

type Message = Extract<ParsedEvent, { type: 'MESSAGE' }>;

/** What becomes of a connection that authenticates itself only after it was opened. */
export interface LateConnection {
  /** Makes it known, like one that was let in by its handshake. */
  open(parsed: Message): Promise<void>;
  /** Takes that back: it has ended meanwhile. */
  close(): Promise<void>;
}

/** A connection whose message `authenticate` came. */
export interface Applicant {
  readonly parsed: Message;
  readonly sourceIp: string;
  readonly endpoint: string | null;
  readonly isHeld: boolean;
  /** What the ledger knows of it, `null` when it knows nothing. */
  readonly found: AdmissionState | null;
  /** What it counts as. */
  readonly state: AdmissionState;
}

/** The message `authenticate`: the first authentication of a connection, or a fresh one for one that expires. */
export class LateAuthentication {
  constructor(
    private readonly rules: AdmissionRules,
    private readonly register: AdmissionRegister,
    private readonly authenticator: Authenticator,
    private readonly clock: Clock,
  ) {}

  async answer(applicant: Applicant, late: LateConnection): Promise<WebSocketResponse> {
    const { state } = applicant;
    // It would be let through before the listeners of `connected` have heard of it.
    if (state.attempt !== undefined && state.attempt.endsAt > this.clock.now()) return new Refusal(409).response;
    const authenticated = await this.authenticator.ask(requestOf(applicant));
    if (authenticated instanceof Refusal) return authenticated.response;
    if (authenticated === null) return new Refusal(401).response;
    // A connection is one user's for all its life: its record is, and so are its channels.
    if (!state.isPending && state.userId !== authenticated.userId) return new Refusal(403).response;
    const refusal = state.isPending
      ? await this.open(applicant, authenticated, late)
      : await this.admit(applicant, this.stateFor(applicant, authenticated), applicant.found);
    return refusal?.response ?? responseTo(authenticated);
  }

  /** Counts the connection as its user's, makes it known, and only then lets its messages through. */
  private async open(
    applicant: Applicant,
    authenticated: Authenticated,
    late: LateConnection,
  ): Promise<Refusal | null> {
    const { parsed, state, found } = applicant;
    const { connectionId } = parsed;
    const endsAt = this.clock.now() + ApiGatewayLimits.integrationTimeoutMs;
    const opening = openingState(state, authenticated.userId, endsAt);
    const refusal = await this.admit(applicant, opening, found);
    if (refusal !== null) return refusal;
    const next = this.stateFor(applicant, authenticated);
    try {
      await late.open(withAuthorizer(parsed, next));
    } catch (error) {
      // Like a handshake that a listener refused, only that there is a socket to close.
      await this.register.end(connectionId, opening, Closes.internalError);
      throw error;
    }
    const tooLate = await this.admit(applicant, next, opening);
    if (tooLate !== null) {
      await late.close();
      // It has gone, or the ledger has lost it; a socket that is still there would never be let in again.
      await this.register.end(connectionId, opening, Closes.internalError);
    }
    return tooLate;
  }

  private stateFor({ endpoint }: Applicant, authenticated: Authenticated): AdmissionState {
    return authenticatedState(endpoint, authenticated, this.rules.refreshGraceMs);
  }

  private async admit(
    applicant: Applicant,
    next: AdmissionState,
    previous: AdmissionState | null,
  ): Promise<Refusal | null> {
    const { parsed, sourceIp, isHeld } = applicant;
    const groups = groupsOf(this.rules, next.userId, sourceIp);
    return refusalOf(await this.register.admit(parsed.connectionId, groups, next, isHeld, previous));
  }
}

function requestOf({ parsed, sourceIp }: Applicant): AuthenticationRequest {
  const { connectionId, event, message: body } = parsed;
  return { connectionId, headers: {}, query: {}, protocols: [], sourceIp, event, body };
}

function responseTo({ expiresAt }: Authenticated): WebSocketResponse {
  const body = JSON.stringify({ message: 'Authenticated', ...(expiresAt !== null && { expiresAt }) });
  return { statusCode: 200, body };
}
