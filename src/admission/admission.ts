import type { AdmissionGroup, AdmissionResult } from '../contracts/admission.ledger.js';
import type { Clock } from '../contracts/clock.js';
import type { ConnectionStore } from '../contracts/connection.store.js';
import type { RateBuckets } from '../contracts/rate.buckets.js';
import type { Log } from '../logging/log.js';
import type { ParsedEvent } from '../protocol/event.parser.js';
import type { WebSocketResponse } from '../protocol/response.js';
import { groupsOf, refusalOf } from './admission.groups.js';
import type { AdmissionRegister } from './admission.register.js';
import type { AdmissionRules, AuthenticationRequest } from './admission.rules.js';
import {
  anonymousState,
  authenticatedState,
  pendingState,
  recalledState,
  type AdmissionState,
} from './admission.state.js';
import type { Authenticator } from './authenticator.js';
import { factsOf } from './handshake.facts.js';
import { HandshakeGate } from './handshake.gate.js';
import { LateAuthentication, type LateConnection } from './late.authentication.js';
import { MessageGate } from './message.gate.js';
import { AUTHENTICATE_ROUTE, isAuthentication, isIdentified, sourceIpOf, withAuthorizer } from './parsed.event.js';
import { Refusal } from './refusal.js';

type Connect = Extract<ParsedEvent, { type: 'CONNECT' }>;
type Message = Extract<ParsedEvent, { type: 'MESSAGE' }>;
type Disconnect = Extract<ParsedEvent, { type: 'DISCONNECT' }>;

/** Where a connection lives. */
export interface Home {
  /** Where messages to it go. */
  readonly endpoint: string | null;
  /** Its socket is in this process, and all of its events come here. */
  readonly isHeld: boolean;
}

/** `pending`: it is open, and unknown until it has authenticated itself. */
export type ConnectDecision =
  | { readonly type: 'refused'; readonly response: WebSocketResponse }
  | { readonly type: 'admitted'; readonly parsed: Connect }
  | { readonly type: 'pending' };

/** `answered`: nothing else is to be done with the message. */
export type MessageDecision =
  | { readonly type: 'answered'; readonly response: WebSocketResponse }
  | { readonly type: 'admitted'; readonly parsed: Message };

/** What admission works with. */
export interface AdmissionTools {
  readonly clock: Clock;
  readonly register: AdmissionRegister;
  /** `null` where the application has no hook. */
  readonly authenticator: Authenticator | null;
  readonly store: Pick<ConnectionStore, 'findMany'>;
  readonly rateBuckets: () => RateBuckets | null;
  readonly log: Log;
}

/** Who may connect, for how long, and how much they may send: the same for events of API Gateway and of the embedded gateway. */
export class Admission {
  private readonly handshakes: HandshakeGate;
  private readonly messages: MessageGate;
  private readonly late: LateAuthentication | null;
  /** Whether anything is remembered of connections. */
  readonly isCounted: boolean;
  /** Those whose DISCONNECT event is being handled. */
  private readonly ending = new Set<string>();

  /** @throws InvalidOptionsError */
  constructor(
    private readonly rules: AdmissionRules,
    private readonly tools: AdmissionTools,
  ) {
    const { clock, register, authenticator, rateBuckets, log } = tools;
    this.handshakes = new HandshakeGate(rules, rateBuckets, clock, log);
    this.messages = new MessageGate(rules, rateBuckets, clock, log);
    this.late = authenticator === null ? null : new LateAuthentication(rules, register, authenticator, clock);
    const limits = [rules.maxConnections, rules.maxConnectionsPerUser, rules.maxConnectionsPerIp];
    this.isCounted = authenticator !== null || limits.some((limit) => limit !== null);
  }

  /** The routes that it answers itself. */
  get routes(): readonly string[] {
    return this.late === null ? [] : [AUTHENTICATE_ROUTE];
  }

  /** From the cheapest question to the dearest, so that a flood costs little. */
  async connect(parsed: Connect, home: Home): Promise<ConnectDecision> {
    const { connectionId, event } = parsed;
    const { headers, query, protocols, ...facts } = factsOf(event);
    const sourceIp = sourceIpOf(parsed);
    const tooMuch = await this.handshakes.refusal(facts, sourceIp);
    if (tooMuch !== null) return refused(tooMuch);
    const request = { connectionId, headers, query, protocols, sourceIp, event };
    const state = await this.stateOf(parsed, home, request);
    if (state instanceof Refusal) return refused(state);
    if (this.isCounted) {
      const groups = groupsOf(this.rules, state.userId, sourceIp);
      const full = refusalOf(await this.register(connectionId, groups, state, home));
      if (full !== null) return refused(full);
    }
    return state.isPending ? { type: 'pending' } : { type: 'admitted', parsed: withAuthorizer(parsed, state) };
  }

  /** @param connection what registers the connection when this message authenticates it */
  async message(parsed: Message, home: Home, connection: LateConnection): Promise<MessageDecision> {
    const { connectionId, event } = parsed;
    const tooMuch = await this.messages.refusal(connectionId, event, home.isHeld);
    if (tooMuch !== null) return answered(tooMuch);
    if (this.late === null) return { type: 'admitted', parsed };
    const found = await this.tools.register.find(connectionId, home.isHeld);
    if (found !== null && found.dueAt !== null && found.dueAt <= this.tools.clock.now()) {
      await this.tools.register.end(connectionId, found);
      return answered(new Refusal(401));
    }
    const state = found ?? (await this.recall(parsed, home));
    if (state === null) return answered(new Refusal(401));
    if (isAuthentication(parsed)) {
      const applicant = { parsed, sourceIp: sourceIpOf(parsed), ...home, found, state };
      return { type: 'answered', response: await this.late.answer(applicant, connection) };
    }
    return state.isPending ? answered(new Refusal(401)) : { type: 'admitted', parsed: withAuthorizer(parsed, state) };
  }

  /** Forgets a connection, and ends it with its authorizer in the event. */
  async disconnect(parsed: Disconnect, end: (parsed: Disconnect) => Promise<unknown>): Promise<void> {
    const { connectionId } = parsed;
    this.messages.forget(connectionId);
    this.ending.add(connectionId);
    try {
      // First, so that an authentication that is under way finds nobody there any more.
      const state = this.isCounted ? await this.tools.register.release(connectionId) : null;
      await end(state === null ? parsed : withAuthorizer(parsed, state));
    } finally {
      this.ending.delete(connectionId);
    }
  }

  /** Frees the places of a connection that ended in another way than by its DISCONNECT event, or was never opened. */
  async release(connectionId: string): Promise<void> {
    this.messages.forget(connectionId);
    if (this.isCounted && !this.ending.has(connectionId)) await this.tools.register.release(connectionId);
  }

  /** Closes connections whose authentication is over and that no timer closes. Resolves how many that were. */
  async sweep(): Promise<number> {
    return this.late === null ? 0 : this.tools.register.sweep();
  }

  stop(): void {
    this.tools.register.stop();
  }

  private async register(
    connectionId: string,
    groups: readonly AdmissionGroup[],
    state: AdmissionState,
    { isHeld }: Home,
  ): Promise<AdmissionResult> {
    const { register } = this.tools;
    try {
      return await register.admit(connectionId, groups, state, isHeld);
    } catch (error) {
      // It may have been let in, and only the answer was lost. It is refused now, so nothing else would ever free its places before their time.
      await register.release(connectionId).catch(() => null);
      throw error;
    }
  }

  /** Who the client is by its handshake, as it is to be remembered. */
  private async stateOf(
    parsed: Connect,
    { endpoint }: Home,
    request: AuthenticationRequest,
  ): Promise<AdmissionState | Refusal> {
    const { requireAuthentication, authenticateWithinMs, refreshGraceMs } = this.rules;
    const { authenticator, clock } = this.tools;
    const answer = authenticator === null ? null : await authenticator.ask(request);
    if (answer instanceof Refusal) return answer;
    if (answer !== null) return authenticatedState(endpoint, answer, refreshGraceMs);
    if (authenticateWithinMs !== null) return pendingState(endpoint, clock.now() + authenticateWithinMs);
    // An authorizer of API Gateway may have said who it is; where there is a hook, that has the last word.
    const isUnknown = authenticator !== null || !isIdentified(parsed);
    return requireAuthentication && isUnknown ? new Refusal(401) : anonymousState(endpoint, parsed.userId);
  }

  /** What a connection counts as that the ledger does not know; `null` for one that cannot be. */
  private async recall(parsed: Message, { endpoint, isHeld }: Home): Promise<AdmissionState | null> {
    // Everything is known of those whose sockets are here: this one is closing.
    if (isHeld) return null;
    const { requireAuthentication, authenticateWithinMs } = this.rules;
    const [connection = null] = await this.tools.store.findMany([parsed.connectionId]);
    // Whoever is in the store has been let in before.
    if (connection !== null) return recalledState(endpoint, connection.userId);
    const mustAuthenticate = requireAuthentication || authenticateWithinMs !== null;
    return mustAuthenticate ? pendingState(endpoint, null) : anonymousState(endpoint, parsed.userId);
  }
}

function refused({ response }: Refusal): ConnectDecision {
  return { type: 'refused', response };
}

function answered({ response }: Refusal): MessageDecision {
  return { type: 'answered', response };
}
