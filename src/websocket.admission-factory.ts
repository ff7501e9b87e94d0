import type { ModuleRef } from '@nestjs/core';
import type { Admission } from './admission/admission.js';
import type { Authenticate, WebSocketAuthenticator } from './admission/admission.rules.js';
import type { ConnectionLifecycle } from './connections/connection.lifecycle.js';
import type { AdmissionLedger } from './contracts/admission.ledger.js';
import type { ConnectionStore } from './contracts/connection.store.js';
import { InvalidOptionsError } from './errors/invalid-options.error.js';
import { LOCAL_SCHEME, type TransportRouter } from './fanout/transport.router.js';
import type { Log } from './logging/log.js';
import type { AuthenticateOption } from './options/admission.options.js';
import type { Close } from './protocol/close-codes.js';
import { MemoryAdmissionLedger } from './stores/cache/memory-admission.ledger.js';
import type { ResolvedWebSocketOptions } from './websocket.options-resolver.js';

const OPTION = 'admission.authenticate';

/** What admission is made of. */
export interface AdmissionParts {
  readonly options: ResolvedWebSocketOptions;
  readonly store: ConnectionStore;
  readonly lifecycle: ConnectionLifecycle;
  readonly router: TransportRouter;
  readonly modules: ModuleRef;
  readonly log: Log;
}

/** Who lets connections in; `admission` is `null` where everybody may do everything. */
export class AdmissionServices {
  constructor(
    readonly admission: Admission | null,
    private readonly prepare: () => void,
  ) {}

  /**
   * Finds what the options name, when every module is up.
   *
   * @throws InvalidOptionsError when the application has no such provider
   */
  start(): void {
    this.prepare();
  }

  stop(): void {
    this.admission?.stop();
  }
}

/** @throws InvalidOptionsError when an origin or a range of addresses is none */
export async function createAdmission(parts: AdmissionParts): Promise<AdmissionServices> {
  const { options, store, lifecycle, log, modules } = parts;
  const { admission: rules, clock } = options;
  if (rules === null) return new AdmissionServices(null, () => undefined);
  // Loaded only where it is configured.
  const { Admission } = await import('./admission/admission.js');
  const { AdmissionRegister } = await import('./admission/admission.register.js');
  const { Authenticator } = await import('./admission/authenticator.js');
  const ledger = once(() => store.admissions() ?? ownLedger(parts));
  const register = new AdmissionRegister(ledger, clock, (id, endpoint, how) => close(parts, id, endpoint, how), log);
  const { authenticate } = rules;
  const hook = once(() => resolveHook(authenticate, modules));
  const authenticator = authenticate === null ? null : new Authenticator(hook, clock, rules.authenticateTimeoutMs, log);
  const rateBuckets = once(() => store.rateBuckets());
  const admission = new Admission(rules, { clock, register, authenticator, store, rateBuckets, log });
  lifecycle.whenRemoved((connectionId) => admission.release(connectionId));
  return new AdmissionServices(admission, () => {
    if (authenticate !== null) hook();
    if (admission.isCounted) ledger();
  });
}

/** The hook that the option gives or names. */
function resolveHook(option: AuthenticateOption | null, modules: ModuleRef): Authenticate {
  if (option !== null && typeof option === 'object') return (request) => option.authenticate(request);
  if (typeof option === 'function' && !isClass(option)) return option as Authenticate;
  const provider = findProvider(option, modules);
  if (typeof provider?.authenticate === 'function') return (request) => provider.authenticate(request);
  throw new InvalidOptionsError(
    OPTION,
    `Expected "${OPTION}" to name a provider with a method "authenticate"; provide it in a module of the application, in the default scope.`,
  );
}

function findProvider(token: unknown, modules: ModuleRef): WebSocketAuthenticator | null {
  try {
    return modules.get<WebSocketAuthenticator>(token as symbol, { strict: false });
  } catch {
    return null;
  }
}

function isClass(value: object): boolean {
  const { prototype } = value as { readonly prototype?: { readonly authenticate?: unknown } };
  return typeof prototype?.authenticate === 'function' || /^class\b/.test(Function.prototype.toString.call(value));
}

function ownLedger({ options, log }: AdmissionParts): AdmissionLedger {
  log.warn(
    'admission.not-shared',
    'The store has no place for admissions: connections are counted, and authentications remembered, by each process for itself. With several processes, or on ' +
      'Lambda, set the option "redis".',
  );
  return new MemoryAdmissionLedger(options.clock);
}

/** Closes a connection as `disconnect` does, in whichever home it lives. */
async function close(
  { router, lifecycle }: AdmissionParts,
  connectionId: string,
  endpoint: string | null,
  { code, reason }: Close,
): Promise<boolean> {
  const route = router.route({ connectionId, endpoint });
  if (route === null) return false;
  const end = { cause: 'server', code, reason } as const;
  return lifecycle.whileClosing(connectionId, end, async () => {
    const { status } = await route.transport.close(route.target, { code, reason });
    // A socket of this process that is not there is not open yet.
    const isClosed = status === 'delivered' || (status === 'gone' && endpoint?.startsWith(LOCAL_SCHEME) !== true);
    if (isClosed) await lifecycle.endQuietly(connectionId, end);
    return isClosed;
  });
}

function once<Value>(make: () => Value): () => Value {
  let made: { readonly value: Value } | undefined;
  return () => (made ??= { value: make() }).value;
}
